"""``mlinfra import``."""  # noqa: N999 - the file is the verb

from __future__ import annotations

from typing import Annotated

import typer

from mlinfra.commands import _options
from mlinfra.commands._inputs import blueprint_file

EXAMPLE = "mlinfra import key.key 1234abcd minimal.yaml -e dev --sandbox --plan"


def run(
    child: Annotated[str, typer.Argument(metavar="COMPONENT.CHILD", help="The child, as the plan names it.")],
    identity: Annotated[str, typer.Argument(metavar="ID", help="Its id in the cloud, as the provider imports it.")],
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    only_plan: Annotated[bool, typer.Option("--plan", help="Show the plan and change nothing.")] = False,
    yes: _options.Yes = False,
    allow: _options.Allow = None,
    sandbox: _options.Sandbox = False,
    log: _options.Log = None,
    output: _options.TextOrJson = "text",
) -> None:
    """Take a resource that exists over into a component, as part of an apply.

    The engine refuses where the blueprint says something else than what is there: then change the blueprint first.
    """
    from mlinfra.blueprint import load
    from mlinfra.commands._adoption import taken_over
    from mlinfra.commands._apply import in_place

    deployment = load(blueprint_file(blueprint), environment=environment, sets=tuple(sets or ()))
    if not only_plan:
        deployment = in_place(deployment, sandbox=sandbox)
    taken_over(
        deployment,
        {child: identity},
        "import",
        only_plan=only_plan,
        yes=yes,
        allow=allow,
        sandbox=sandbox,
        log=log,
        output=output,
    )
