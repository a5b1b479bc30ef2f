"""Build a component without an engine and see its children: ``made(lambda: Bucket("lake", BucketSpec(), BucketNeeds()))``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks

from mlinfra.components._grammar import Context

DEV = Context(
    blueprint="shop", environment="dev", account="111111111111", region="eu-west-1", tags={"owner": "ml"}
).for_component("it")
PROD = Context(
    blueprint="shop", environment="prod", account="222222222222", region="eu-west-1", protected=True
).for_component("it")


class _Recorder(Mocks):
    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, Any]] = {}
        self.types: dict[str, str] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.typ.startswith(("mlinfra:", "pulumi:")):
            return args.name, dict(args.inputs)
        assert args.name not in self.inputs, f"two children are named {args.name}"
        self.inputs[args.name] = dict(args.inputs)
        self.types[args.name] = args.typ
        arn = f"arn:{args.typ.split(':')[1].replace('/', ':')}:{args.name}"
        return args.name, {
            "arn": arn,
            "name": args.name,
            "bucket": args.name,
            "url": f"https://{args.name}",
            **args.inputs,
        }

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]]]:
        if args.token == "aws:index/getAvailabilityZones:getAvailabilityZones":
            return {
                "names": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
                "zoneIds": ["euw1-az1", "euw1-az2", "euw1-az3"],
            }, []
        raise AssertionError(f"a kind must not look things up: {args.token}")


def recorded(build: Callable[[], object]) -> _Recorder:
    """What ``build`` registers: ``.inputs`` and ``.types`` of every child, by logical name."""
    recorder = _Recorder()
    pulumi.runtime.set_mocks(recorder, preview=False)

    def run() -> None:
        build()

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    return recorder


def made(build: Callable[[], object]) -> dict[str, dict[str, Any]]:
    """Inputs of every child that ``build`` registers, by logical name, without the tags that every child gets."""
    return {
        name: {key: value for key, value in inputs.items() if key != "tags"}
        for name, inputs in recorded(build).inputs.items()
    }


def granted(build: Callable[[], pulumi.Output[str]]) -> list[dict[str, Any]]:
    """The statements of the policy document that ``build`` returns."""
    seen: list[str] = []
    recorded(lambda: build().apply(seen.append))
    statements: list[dict[str, Any]] = json.loads(seen[0])["Statement"]
    return statements
