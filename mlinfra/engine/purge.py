"""Delete leftovers of a destroy, as far as a plain call does it; what it cannot delete, it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from mlinfra.engine.sandbox import Cloud
from mlinfra.engine.sweep import Leftover, Sort, sort_of
from mlinfra.engine.wording import plain_words

ROUNDS = 6
PAUSE = 10.0
"""Seconds between two rounds: an interface outlives its load balancer, a machine its termination."""


def purge(
    left: Iterable[Leftover], client: Callable[[str], Any], sleep: Callable[[float], None] = time.sleep
) -> dict[str, str | None]:
    """Delete what was left, what uses others first. By ARN: None for what is gone, else the reason why it is not."""
    from botocore.exceptions import BotoCoreError, ClientError

    result: dict[str, str | None] = {}
    todo: list[tuple[Leftover, Sort, str]] = []
    for one in left:
        sort, id_ = sort_of(one.arn)
        if sort is None:
            result[one.arn] = "mlinfra does not know how to delete this"
        else:
            todo.append((one, sort, id_))
    todo.sort(key=lambda item: (item[1].order, item[0].arn))
    for turn in range(ROUNDS):
        if turn and todo:
            sleep(PAUSE)
        again = []
        for one, sort, id_ in todo:
            try:
                getattr(client(sort.client), sort.operation)(**_request(one.arn, sort, id_))
            except (ClientError, BotoCoreError) as error:
                result[one.arn] = plain_words(str(error))
                again.append((one, sort, id_))
            else:
                result[one.arn] = None
        todo = again
    return result


def purge_sandbox(left: Iterable[Leftover], cloud: Cloud) -> dict[str, str | None]:
    """The same in the simulated cloud."""
    names = {one.arn for one in left}
    result: dict[str, str | None] = {}
    for held in cloud.resources():
        name = str(held.outputs.get("arn") or held.id)
        if name in names:
            cloud.remove(held.type, held.id, held.urn)
            result[name] = None
    return result


def _request(arn: str, sort: Sort, id_: str) -> dict[str, Any]:
    _, partition, _, region, account, _ = arn.split(":", 5)
    value = arn if sort.value == "arn" else id_
    if sort.value == "url":
        domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        value = f"https://sqs.{region}.{domain}/{account}/{id_}"
    if sort.parameter.endswith("[]"):
        return {sort.parameter.removesuffix("[]"): [value]}
    return {sort.parameter: value}
