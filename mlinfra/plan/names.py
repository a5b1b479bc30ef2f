"""Names that are given and still taken: what is created under the name of something that only goes after that, or stays.

The engine creates before it deletes, inside of a layer and from layer to layer. A name that the program gives, and that another resource of the
same type has, is refused by AWS; an object of Kubernetes would be taken over, and then deleted under its old entry.
"""

from __future__ import annotations

from typing import NamedTuple

from mlinfra.graph.model import ResourceGraph, ResourceNode
from mlinfra.plan.model import Plan, Step
from mlinfra.plan.replacement import KUBERNETES, forces_replacement, given_name


class Taken(NamedTuple):
    """``step`` creates something under a name that ``holder`` has until it goes; one that is kept has it for good.

    They are the same where something is replaced, and the old one kept.
    """

    name: str
    step: Step
    holder: Step


def taken_names(plan: Plan, graph: ResourceGraph, before: ResourceGraph) -> tuple[Taken, ...]:
    """The creations of a plan that will find their name taken, in the order of the plan. ``graph`` and ``before`` are what it compares."""
    holders = {}
    for step in plan.changes:
        node = before.by_urn.get(step.urn)
        if node is not None and (step.operation in ("delete", "keep") or step.keeps_old):
            holders[step.type, given_name(step.type, node.inputs)] = step, node
    found = []
    for step in plan.changes:
        if step.operation != "create" and not step.keeps_old:
            continue
        new = graph.by_urn[step.urn]
        name = given_name(step.type, new.inputs)
        holder = holders.get((step.type, name))
        if name is not None and holder is not None and (holder[0] is step or _same_place(new, holder[1])):
            found.append(Taken(name, step, holder[0]))
    return tuple(found)


def _same_place(one: ResourceNode, other: ResourceNode) -> bool:
    """Whether two resources agree in all that cannot be changed: names are unique in a role, a bus, a cluster.

    The name of an object of Kubernetes has its namespace in it.
    """
    if one.type.startswith(KUBERNETES):
        return True
    both = one.inputs.keys() & other.inputs.keys()
    return all(one.inputs[key] == other.inputs[key] for key in both if forces_replacement(one.type, key))
