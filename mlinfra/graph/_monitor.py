"""The resource monitor that a program talks to instead of Pulumi's engine: it writes down every registration and answers from tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from mlinfra.graph._facts import answer
from mlinfra.graph._standins import StandIns
from mlinfra.graph.known import Known
from mlinfra.graph.urns import types_of

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's public mark of a secret, not one
STACK = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
FEATURES = frozenset(resource_pb2.ResourceMonitorFeature.values())


@dataclass
class Registration:
    """One call of RegisterResource or ReadResource, still in Pulumi's own terms."""

    urn: str
    request: Any
    inputs: dict[str, Any]


@dataclass
class Recording:
    """All that one program registered, in order."""

    registrations: list[Registration] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    exports_handed_on: dict[str, Any] = field(default_factory=dict)
    earlier: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    """The URNs whose real outputs the program got to see."""


class RecordingMonitor:
    """Speaks the ResourceMonitor protocol in process. ``earlier`` maps the names of stacks to what they export."""

    def __init__(
        self,
        project: str,
        stack: str,
        place: tuple[str, str],
        standins: StandIns,
        earlier: Mapping[str, Mapping[str, Any]],
        known: Known | None = None,
    ) -> None:
        self.recording = Recording()
        self._known = known
        self._project, self._stack = project, stack
        self._account, self._region = place
        self._standins = standins
        self._earlier = earlier

    # The protocol's own names, hence the capitals.

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=True)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=sorted(FEATURES))

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.RegisterPackageResponse(ref="")

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterErrorHook(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self._urn(request.parent, request.type, request.name)
        inputs = from_struct(request.object)
        self.recording.registrations.append(Registration(urn, request, inputs))
        if request.type.startswith("pulumi:providers:"):
            return resource_pb2.RegisterResourceResponse(
                urn=urn, id=f"provider-{len(self.recording.registrations)}", object=request.object
            )
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        return self._created(urn, request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = self._urn(request.parent, request.type, request.name)
        if request.type == STACK_REFERENCE:
            outputs = self._earlier.get(request.id, {})
            self.recording.earlier[urn] = outputs
            if self._known is not None:
                self.recording.settled.add(urn)
            state = to_struct(
                {"name": request.id, "outputs": dict(outputs), "secretOutputNames": _secret_names(outputs)}
            )
            return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=state)
        self.recording.registrations.append(Registration(urn, request, from_struct(request.properties)))
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=request.properties)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        if f"::{STACK}::" in request.urn:
            self.recording.exports = from_struct(request.outputs)
            self.recording.exports_handed_on = self._without_unknowns(self.recording.exports, request.urn, "")
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        if request.tok == "pulumi:pulumi:readStackOutputs":
            name = from_struct(request.args)["name"]
            state = {"name": name, "outputs": dict(self._earlier.get(name, {})), "secretOutputNames": []}
            return resource_pb2.ResourceInvokeResponse(**{"return": to_struct(state)})
        known = answer(request.tok, self._account, self._region)
        if known is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        return resource_pb2.ResourceInvokeResponse(**{"return": to_struct({**known})})

    def Call(self, request: Any) -> Any:  # noqa: N802
        return provider_pb2.CallResponse(**{"return": struct_pb2.Struct()})

    def _without_unknowns(self, value: Any, urn: str, path: str) -> Any:
        """What later layers get to see: one unknown would make all outputs of the stack unknown to them, so each is stood in for."""
        if isinstance(value, dict):
            return {key: self._without_unknowns(item, urn, f"{path}.{key}".strip(".")) for key, item in value.items()}
        if isinstance(value, list):
            return [self._without_unknowns(item, urn, f"{path}[{index}]") for index, item in enumerate(value)]
        return self._standins.make(urn, path, "o{token}") if value == UNKNOWN else value

    def _created(self, urn: str, request: Any) -> Any:
        if self._known is not None and (there := self._known.resource(urn, request)) is not None:
            self.recording.settled.add(urn)
            return resource_pb2.RegisterResourceResponse(urn=urn, id=there.id, object=to_struct({**there.outputs}))
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        outputs = self._standins.outputs_of(request.type, urn, request.object.fields)
        if request.type.startswith("kubernetes:"):
            outputs = {key: value for key, value in outputs.items() if key == "id"}
        identity = request.importId or outputs.pop("id", "")
        for name, value in outputs.items():
            given = _from_value(state.fields[name]) if name in state.fields else None
            if self._known is not None:
                # What the program says itself is known then, as it is to the engine; without a state a reference tells more.
                state.update({name: _merged(value, given)})
            elif isinstance(value, str):
                state.fields[name].string_value = value
            else:
                state.update({name: _merged(given, value)})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=state)

    def _urn(self, parent: str, type_: str, name: str) -> str:
        chain = ""
        if parent:
            parents = types_of(parent)
            chain = "" if parents == STACK else f"{parents}$"
        return f"urn:pulumi:{self._stack}::{self._project}::{chain}{type_}::{name}"


def _merged(value: Any, over: Any) -> Any:
    """``over`` where it says something, on top of what else a nested ``value`` holds."""
    if isinstance(value, dict) and isinstance(over, dict):
        return {**value, **over}
    return value if over in (None, UNKNOWN) else over


class QuietEngine:
    """The engine's side channel: logs are kept for the error report, nothing is printed."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._root = ""

    def Log(self, request: Any) -> Any:  # noqa: N802
        if request.severity >= engine_pb2.ERROR:
            self.errors.append(request.message)
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any) -> Any:  # noqa: N802
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any) -> Any:  # noqa: N802
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: N802
        return engine_pb2.RequirePulumiVersionResponse()


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A protobuf Struct as plain values; whole numbers come back as integers."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return from_struct(value.struct_value)
        case "list_value":
            return [_from_value(item) for item in value.list_value.values]
    return None


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """The reverse of ``from_struct``."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def _secret_names(outputs: Mapping[str, Any]) -> list[str]:
    return sorted(
        name for name, value in outputs.items() if isinstance(value, dict) and value.get(SIGNATURE) == SECRET_SIGNATURE
    )
