"""What would change: a graph compared with what is there, or with another environment or revision."""

from mlinfra.plan.diff import plan
from mlinfra.plan.model import ABSENT, Absent, Operation, Plan, PropertyChange, Step, Summary, by_component

__all__ = ["ABSENT", "Absent", "Operation", "Plan", "PropertyChange", "Step", "Summary", "by_component", "plan"]
