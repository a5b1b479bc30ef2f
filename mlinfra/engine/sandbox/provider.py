"""The simulated cloud as a Pulumi provider: the ResourceProvider protocol over a ``Cloud``."""

from __future__ import annotations

import os
import secrets as random_tokens
import time
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from mlinfra.components._context import partition
from mlinfra.engine.sandbox.cloud import Cloud, Held, Operation
from mlinfra.engine.sandbox.differences import difference
from mlinfra.engine.sandbox.names import identity, named
from mlinfra.engine.sandbox.outputs import counted, given
from mlinfra.engine.sandbox.secrets import hidden, restored
from mlinfra.graph._facts import answer
from mlinfra.graph._monitor import UNKNOWN, from_struct, to_struct
from mlinfra.graph._standins import StandIns
from mlinfra.graph.urns import name_of, type_of
from mlinfra.plan.known import updated
from mlinfra.plan.replacement import outputs_changed_by_update

ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"


class RefusedError(Exception):
    """The cloud says no; the text is what a provider would say."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One package (``aws``, ``kubernetes``) of the simulated cloud."""

    def __init__(self, package: str, cloud: Cloud, account: str = ACCOUNT) -> None:
        self._package, self._cloud, self._account = package, cloud, account
        self._region = DEFAULT_REGION

    # The protocol's own names, hence the capitals.

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        # That of the SDK: the engine compares the two.
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self._package}"))

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return difference(request, "")

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        given = from_struct(request.args)
        region = given.get("region")
        self._region = region if isinstance(region, str) else DEFAULT_REGION
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        return difference(request, _type(request))

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=request.properties)
        try:
            strikes = self._strike("create", request)
            id_, outputs = self._made(_type(request), request.urn, inputs)
            name = identity(_type(request), inputs)
            _refuse(name is not None and self._cloud.named(_type(request), name), request, name, "already exists")
            self._cloud.put(Held(_type(request), id_, request.urn, hidden(inputs), hidden(outputs), name), "create")
        except RefusedError as refused:
            return _abort(context, refused)
        _die(strikes, "after")
        return provider_pb2.CreateResponse(id=id_, properties=to_struct(outputs))

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            strikes = self._strike("read", request)
        except RefusedError as refused:
            return _abort(context, refused)
        _die(strikes, "after")
        held = self._cloud.find(_type(request), request.id)
        if held is None:
            return provider_pb2.ReadResponse()
        inputs = restored(held.inputs, from_struct(request.inputs))
        outputs = restored(held.outputs, from_struct(request.properties))
        return provider_pb2.ReadResponse(id=held.id, inputs=to_struct(inputs), properties=to_struct(outputs))

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        inputs = from_struct(request.news)
        olds = from_struct(request.olds)
        outputs = updated(olds, from_struct(request.old_inputs), inputs)
        if request.preview:
            outputs.update(dict.fromkeys(outputs_changed_by_update(_type(request)), UNKNOWN))
        else:
            outputs.update({name: int(olds.get(name, 0)) + 1 for name in counted(_type(request))})
        if request.preview:
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))
        try:
            strikes = self._strike("update", request)
            _refuse(self._cloud.find(_type(request), request.id) is None, request, request.id, "does not exist")
            name = identity(_type(request), inputs)
            self._cloud.put(
                Held(_type(request), request.id, request.urn, hidden(inputs), hidden(outputs), name), "update"
            )
        except RefusedError as refused:
            return _abort(context, refused)
        _die(strikes, "after")
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            strikes = self._strike("delete", request)
        except RefusedError as refused:
            return _abort(context, refused)
        self._cloud.remove(_type(request), request.id, request.urn)
        _die(strikes, "after")
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        known = answer(request.tok, self._account, self._region)
        if known is None:
            return _abort(context, RefusedError(f"the simulated cloud has no answer for {request.tok}"))
        return provider_pb2.InvokeResponse(**{"return": to_struct(dict(known))})

    def _strike(self, operation: Operation, request: Any) -> tuple[str, ...]:
        """Let faults happen that come before the work; the rest is returned."""
        later: list[str] = []
        for fault in self._cloud.strike(operation, _type(request), request.urn):
            if fault.kind == "fail":
                raise RefusedError(fault.argument)
            if fault.kind == "delay":
                time.sleep(float(fault.argument))
            elif fault.argument == "before":
                os._exit(9)
            else:
                later.append(fault.argument)
        return tuple(later)

    def _made(self, type_: str, urn: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Id and outputs of a new resource: its inputs, completed from the tables of stand-ins."""
        if self._package == "kubernetes":
            return _kubernetes_id(inputs, urn), inputs
        # Another token for each creation: a replacement is another resource.
        standins = StandIns(self._account, self._region, partition(self._region))
        known = named(type_, standins.outputs_of(type_, f"{urn}@{random_tokens.token_hex(8)}", inputs), inputs)
        id_ = str(known.pop("id"))
        outputs = {**given(type_), **known, **inputs}
        for name, value in known.items():
            if isinstance(value, dict) and isinstance(inputs.get(name), dict):
                outputs[name] = {**inputs[name], **value}
        return id_, outputs


def _kubernetes_id(inputs: dict[str, Any], urn: str) -> str:
    metadata = inputs.get("metadata")
    given = metadata if isinstance(metadata, dict) else {}
    name = given.get("name") or inputs.get("name") or name_of(urn)
    namespace = given.get("namespace") or inputs.get("namespace")
    return f"{namespace}/{name}" if namespace else str(name)


def _type(request: Any) -> str:
    text: str = request.type or type_of(request.urn)
    return text


def _refuse(wrong: object, request: Any, name: str | None, why: str) -> None:
    if wrong:
        raise RefusedError(f"{_type(request)} `{name}` {why}")


def _die(strikes: tuple[str, ...], moment: str) -> None:
    if moment in strikes:
        os._exit(9)


def _abort(context: Any, refused: RefusedError) -> Any:
    context.set_code(grpc.StatusCode.UNKNOWN)
    context.set_details(str(refused))
    return empty_pb2.Empty()
