"""An engine that gets the port of one that is gone is reached all the same."""

from __future__ import annotations

from concurrent import futures
from pathlib import Path

import grpc
import pytest
from engine.platforms import Platform
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from mlinfra.components._context import Layer

pytestmark = pytest.mark.usefixtures("cli")
SMALL = "mlinfra: 1\nname: small\nenvironments: {dev: {region: eu-west-1}}\ncomponents: {key: {kind: encryption_key}}\n"


def engine(port: int = 0) -> tuple[grpc.Server, int]:
    """A server in the place of an engine, that knows no call."""
    server = grpc.server(futures.ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine_pb2_grpc.EngineServicer(), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def connected(port: int) -> engine_pb2_grpc.EngineStub:
    """As the SDK connects a program with its engine."""
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_CHANNEL_OPTIONS))


def answer(stub: engine_pb2_grpc.EngineStub) -> str:
    with pytest.raises(grpc.RpcError) as error:
        stub.Log(engine_pb2.LogRequest(), timeout=5)
    return str(error.value.code().name)


def test_what_is_known_of_an_engine_that_is_gone_is_not_said_of_the_next(tmp_path: Path) -> None:
    with Platform(tmp_path, SMALL).session() as session:
        session.open(Layer.FOUNDATION, lambda: None, None)
    first, port = engine()
    before = connected(port)
    assert answer(before) == "UNIMPLEMENTED"
    first.stop(grace=None).wait()
    assert answer(before) == "UNAVAILABLE"
    second, _ = engine(port)
    try:
        assert answer(connected(port)) == "UNIMPLEMENTED"
    finally:
        second.stop(grace=None).wait()
