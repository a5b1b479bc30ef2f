"""Ask a Terraform provider what it would do, over its own plugin protocol (version 5), without Terraform and without a network.

Only what a plan needs: ``Configure`` and ``PlanResourceChange``. Messages follow ``tfplugin5.proto``; values are MessagePack.
"""

from __future__ import annotations

import os
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

COOKIE = {
    "TF_PLUGIN_MAGIC_COOKIE": "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    "PLUGIN_PROTOCOL_VERSIONS": "5",
}
"""What tells a provider that it is started as a plugin."""

UNKNOWN = object()
"""A value that only the deployment will know."""

# message → (number, name, type, repeated); a type that is no scalar is another message
MESSAGES: dict[str, list[tuple[int, str, str, bool]]] = {
    "DynamicValue": [(1, "msgpack", "bytes", False), (2, "json", "bytes", False)],
    "Step": [
        (1, "attribute_name", "string", False),
        (2, "element_key_string", "string", False),
        (3, "element_key_int", "int64", False),
    ],
    "AttributePath": [(1, "steps", "Step", True)],
    "Diagnostic": [(1, "severity", "int32", False), (2, "summary", "string", False), (3, "detail", "string", False)],
    "ConfigureRequest": [(1, "terraform_version", "string", False), (2, "config", "DynamicValue", False)],
    "ConfigureResponse": [(1, "diagnostics", "Diagnostic", True)],
    "PlanRequest": [
        (1, "type_name", "string", False),
        (2, "prior_state", "DynamicValue", False),
        (3, "proposed_new_state", "DynamicValue", False),
        (4, "config", "DynamicValue", False),
        (5, "prior_private", "bytes", False),
    ],
    "PlanResponse": [
        (1, "planned_state", "DynamicValue", False),
        (2, "requires_replace", "AttributePath", True),
        (3, "planned_private", "bytes", False),
        (4, "diagnostics", "Diagnostic", True),
    ],
}
SCALARS = {"bytes": 12, "string": 9, "int64": 3, "int32": 5}


class Planned(NamedTuple):
    """A provider's answer: the planned values, the attributes that force a replacement, its complaints."""

    state: Any
    replaces: frozenset[str]
    errors: tuple[str, ...]


class Provider:
    """A provider process; a context manager."""

    def __init__(self, binary: Path, folder: Path) -> None:
        environment = {**COOKIE, "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
        self._process = subprocess.Popen(
            [str(binary)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
        )
        assert self._process.stdout is not None
        _, protocol, network, address, *_ = self._process.stdout.readline().strip().split("|")
        assert (protocol, network) == ("5", "unix"), f"the provider speaks protocol {protocol} over {network}"
        self._channel = grpc.insecure_channel(f"unix:{address}", options=[("grpc.max_receive_message_length", 1 << 28)])
        self._messages = _message_classes()

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._channel.close()
        self._process.terminate()
        self._process.wait()

    def configure(self, config: Mapping[str, Any]) -> None:
        """Give the provider its configuration; every attribute of its schema must be there."""
        request = self._messages["ConfigureRequest"](terraform_version="1.11.4", config=self._value(config))
        response = self._call("Configure", request, "ConfigureResponse")
        assert not response.diagnostics, [f"{d.summary}: {d.detail}" for d in response.diagnostics]

    def plan(
        self, type_: str, prior: Mapping[str, Any] | None, config: Mapping[str, Any], proposed: Mapping[str, Any]
    ) -> Planned:
        """What becomes of a resource that is ``prior`` (None: not there) when it is declared as ``config``."""
        request = self._messages["PlanRequest"](
            type_name=type_,
            prior_state=self._value(prior),
            proposed_new_state=self._value(proposed),
            config=self._value(config),
        )
        response = self._call("PlanResourceChange", request, "PlanResponse")
        errors = tuple(f"{d.summary}: {d.detail}" for d in response.diagnostics if d.severity == 1)
        replaces = frozenset(
            ".".join(step.attribute_name for step in path.steps if step.attribute_name)
            for path in response.requires_replace
        )
        packed = response.planned_state.msgpack
        return Planned(unpacked(packed) if packed else None, replaces, errors)

    def _value(self, value: Any) -> Any:
        return self._messages["DynamicValue"](msgpack=packed(value))

    def _call(self, method: str, request: Any, response: str) -> Any:
        call = self._channel.unary_unary(
            f"/tfplugin5.Provider/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=self._messages[response].FromString,
        )
        return call(request, timeout=60)


def _message_classes() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="plan5.proto", package="tfplugin5", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field, type_, repeated in fields:
            added = message.field.add(name=field, number=number, label=3 if repeated else 1)
            if type_ in SCALARS:
                added.type = SCALARS[type_]
            else:
                added.type, added.type_name = 11, f".tfplugin5.{type_}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tfplugin5.{name}")) for name in MESSAGES}


def packed(value: Any) -> bytes:
    """A value as MessagePack, in the largest form of each type: what reads it does not mind."""
    if value is UNKNOWN:
        return b"\xd4\x00\x00"
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode()
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, Mapping):
        return b"\xdf" + struct.pack(">I", len(value)) + b"".join(packed(k) + packed(v) for k, v in value.items())
    return b"\xdd" + struct.pack(">I", len(value)) + b"".join(packed(item) for item in value)


def unpacked(data: bytes) -> Any:
    """What MessagePack holds; extensions, with which cty marks what is unknown, are ``UNKNOWN``."""
    value, _ = _unpacked(data, 0)
    return value


def _unpacked(data: bytes, at: int) -> tuple[Any, int]:
    code, at = data[at], at + 1
    if code < 0x80:
        return code, at
    if code >= 0xE0:
        return code - 0x100, at
    if code in SIMPLE:
        return SIMPLE[code], at
    if code in NUMBERS:
        form = NUMBERS[code]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if 0xA0 <= code < 0xC0 or code in (0xC4, 0xC5, 0xC6, 0xD9, 0xDA, 0xDB):
        size, at = (code - 0xA0, at) if code < 0xC0 else _size(data, at, code, 0xC4 if code < 0xD0 else 0xD9)
        return data[at : at + size].decode(), at + size
    if 0xD4 <= code <= 0xD8:
        return UNKNOWN, at + 1 + (1 << (code - 0xD4))
    if code in (0xC7, 0xC8, 0xC9):
        size, at = _size(data, at, code, 0xC7)
        return UNKNOWN, at + 1 + size
    if 0x80 <= code < 0x90 or code in (0xDE, 0xDF):
        size, at = (code - 0x80, at) if code < 0x90 else _size(data, at, code, 0xDD)
        mapping = {}
        for _ in range(size):
            key, at = _unpacked(data, at)
            mapping[key], at = _unpacked(data, at)
        return mapping, at
    size, at = (code - 0x90, at) if code < 0xA0 else _size(data, at, code, 0xDB)
    items = []
    for _ in range(size):
        item, at = _unpacked(data, at)
        items.append(item)
    return items, at


SIMPLE = {0xC0: None, 0xC2: False, 0xC3: True}
NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
    0xD3: ">q",
}  # fmt: skip


def _size(data: bytes, at: int, code: int, of_one_byte: int) -> tuple[int, int]:
    form = (">B", ">H", ">I")[code - of_one_byte]
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
