"""AWS KMS on this machine, as far as the encryption of a state needs it: Encrypt and Decrypt over HTTP."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MARK = b"sealed:"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        given = base64.b64decode(body["Plaintext" if operation == "Encrypt" else "CiphertextBlob"])
        answer = {"Encrypt": ("CiphertextBlob", MARK + given), "Decrypt": ("Plaintext", given.removeprefix(MARK))}
        name, value = answer[operation]
        text = json.dumps({"KeyId": body.get("KeyId", "key"), name: base64.b64encode(value).decode()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the signature of the base class
        """Keep quiet."""


@contextmanager
def kms() -> Iterator[str]:
    """Its address, while this is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
