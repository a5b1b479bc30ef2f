"""``mlinfra state create``."""

from __future__ import annotations

from mlinfra.commands import _options
from mlinfra.commands._deployed import deployment_at
from mlinfra.commands._output import emit, emit_json, note

EXAMPLE = "mlinfra state create minimal.yaml -e dev"


def run(
    blueprint: _options.Blueprint = None,
    *,
    environment: _options.Environment = None,
    sets: _options.Sets = None,
    yes: _options.Yes = False,
    sandbox: _options.Sandbox = False,
    output: _options.TextOrJson = "text",
) -> None:
    """Make the bucket that `state: s3://…` names: private, encrypted, every version kept, TLS only.

    What is so already is left alone: running it again changes nothing.
    """
    from mlinfra.commands._apply import confirmed
    from mlinfra.engine.state_bucket import StateBucket
    from mlinfra.engine.stores import BucketStore

    deployment, backend = deployment_at(blueprint, environment, sets, sandbox=sandbox)
    store = backend.store if backend.readable else None
    done: tuple[str, ...] = ()
    if isinstance(store, BucketStore):
        bucket = StateBucket(store, deployment.region)
        missing = bucket.missing()
        if missing:
            note(f"bucket `{store.bucket}`: {', '.join(missing)}")
            confirmed(f"do this to the bucket of `{deployment.environment}`'s state", yes=yes, sandbox=sandbox)
            done = bucket.create()
    if output == "json":
        emit_json({"mlinfra_state_create": 1, "backend": backend.url, "done": list(done)})
    elif done:
        emit("\n".join(f"done: {words}" for words in done))
    else:
        emit(f"nothing to do: the state is at {backend.url}")
