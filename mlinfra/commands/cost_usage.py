"""``mlinfra cost usage``."""

from __future__ import annotations

from mlinfra.commands import _options
from mlinfra.commands._inputs import request
from mlinfra.commands._output import emit, emit_json, stdout

EXAMPLE = "mlinfra cost usage minimal.yaml -e dev"


def run(
    blueprint: _options.Source = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    usage: _options.Usage = None,
    output: _options.TextOrJson = "text",
    no_cache: _options.NoCache = False,
    region: _options.Region = _options.DEFAULT_REGION,
) -> None:
    """List the usage keys that the cost depends on, with their present values.

    Set them with `expected:` on the component, or for a Pulumi program in a usage file (--usage).
    """
    from mlinfra.commands._estimates import estimated, expected_use
    from mlinfra.render.cost_lines import usage_rows
    from mlinfra.render.cost_text import usage_text

    graph = request(blueprint, environment, sets, cache=not no_cache, region=region).graph()
    estimate, use = estimated(graph, usage), expected_use(graph, usage)
    if output == "json":
        names = ("component", "resource", "key", "value")
        rows = [dict(zip(names, row, strict=True)) for row in usage_rows(estimate, use)]
        emit_json({"mlinfra_usage_keys": 1, "keys": rows})
    else:
        emit(usage_text(estimate, use, terminal=stdout()))
