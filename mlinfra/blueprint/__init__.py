"""YAML to Deployment: what a blueprint says, checked as a whole, with the line of every value.

Creates nothing and prints nothing.
"""

from mlinfra.blueprint.compile import environments, load, load_text
from mlinfra.blueprint.model import DeployedComponent, Deployment, LateGrant

__all__ = ["DeployedComponent", "Deployment", "LateGrant", "environments", "load", "load_text"]
