"""Serve one package of the simulated cloud: ``python -m mlinfra.engine.sandbox.serve PACKAGE CLOUD ACCOUNT``, started by the Pulumi CLI."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from mlinfra.engine.sandbox.cloud import Cloud
from mlinfra.engine.sandbox.provider import Provider

MESSAGE_BYTES = 1024 * 1024 * 400
"""The engine's own limit of a message."""
THREADS = 32
LOOKED_SECONDS = 0.5
"""How often it is looked whether the engine is still there."""
GRACE_SECONDS = 60


def main(package: str, file: str, account: str) -> None:
    """Serve until the engine goes away; the port is the first line of stdout, as the plugin protocol asks."""
    size = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(THREADS), options=size)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(package, Cloud(Path(file)), account), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    engine = os.getppid()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # An engine that was killed says no goodbye. What it had asked for is still done, as a real cloud would.
    while server.wait_for_termination(LOOKED_SECONDS) and os.getppid() == engine:
        pass
    server.stop(grace=None if os.getppid() == engine else GRACE_SECONDS).wait()


if __name__ == "__main__":
    main(*sys.argv[1:4])
