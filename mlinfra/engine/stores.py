"""Where the files of a state backend are: a folder, or a bucket of S3."""

from __future__ import annotations

import contextlib
import datetime
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from mlinfra.errors import EngineError


class Store(Protocol):
    """Files by key; a key is a path below the backend's root, with forward slashes."""

    def read(self, key: str) -> bytes | None:
        """The content of a file, None where there is none. Raises EngineError where the store does not answer."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys of all files below a prefix, sorted."""

    def modified(self, key: str) -> datetime.datetime | None:
        """When a file was last written, None where there is none."""

    def write(self, key: str, content: bytes) -> None:
        """Put a file there, whole or not at all. Raises EngineError where that is refused."""

    def remove(self, key: str) -> None:
        """Delete a file; one that is gone already is fine. Raises EngineError where that is refused."""


@dataclass(frozen=True)
class FolderStore:
    """The files of a ``file://`` backend."""

    folder: Path

    def read(self, key: str) -> bytes | None:
        """The content of a file, None where there is none. Raises EngineError for one that cannot be read."""
        try:
            return (self.folder / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise EngineError(f"the state `{self.folder / key}` cannot be read: {error.strerror}") from None

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys of all files below a prefix, sorted."""
        root = self.folder / prefix
        return tuple(sorted(path.relative_to(self.folder).as_posix() for path in root.rglob("*") if path.is_file()))

    def modified(self, key: str) -> datetime.datetime | None:
        """When a file was last written, None where there is none."""
        try:
            return datetime.datetime.fromtimestamp((self.folder / key).stat().st_mtime, datetime.UTC)
        except OSError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Put a file there, whole or not at all. Raises EngineError where the disk refuses."""
        file = self.folder / key
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, part = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        except OSError as error:
            raise EngineError(f"`{file}` cannot be written: {error.strerror}") from None
        try:
            with os.fdopen(handle, "wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            Path(part).replace(file)
        except OSError as error:
            Path(part).unlink(missing_ok=True)
            raise EngineError(f"`{file}` cannot be written: {error.strerror}") from None

    def remove(self, key: str) -> None:
        """Delete a file; one that is gone already is fine. Raises EngineError where that is refused."""
        try:
            (self.folder / key).unlink(missing_ok=True)
        except OSError as error:
            raise EngineError(f"`{self.folder / key}` cannot be removed: {error.strerror}") from None


@dataclass(frozen=True)
class BucketStore:
    """The files of an ``s3://`` backend. ``options`` are those of the URL: region, endpoint, profile."""

    bucket: str
    prefix: str
    options: dict[str, str] = field(default_factory=dict)

    @cached_property
    def client(self) -> Any:
        """boto3's client of S3, as the URL's options say."""
        import boto3

        session = boto3.Session(
            profile_name=self.options.get("profile"), region_name=self.options.get("region") or None
        )
        return session.client("s3", endpoint_url=_endpoint(self.options.get("endpoint")))

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Raises EngineError for what S3 refuses inside of the block."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise EngineError(
                f"the state bucket `{self.bucket}` does not answer: {error}",
                hint="check the credentials and the region; `mlinfra state create` makes the bucket",
            ) from None

    def read(self, key: str) -> bytes | None:
        """The content of an object, None where there is none. Raises EngineError where S3 refuses."""
        with self.answering():
            try:
                body: bytes = self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()
            except self.client.exceptions.NoSuchKey:
                return None
        return body

    def keys(self, prefix: str) -> tuple[str, ...]:
        """The keys of all objects below a prefix, sorted."""
        with self.answering():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=f"{self.prefix}{prefix}"
            )
            return tuple(
                sorted(item["Key"].removeprefix(self.prefix) for page in pages for item in page.get("Contents", ()))
            )

    def modified(self, key: str) -> datetime.datetime | None:
        """When an object was last written, None where there is none."""
        with self.answering():
            try:
                written: datetime.datetime = self.client.head_object(Bucket=self.bucket, Key=self.prefix + key)[
                    "LastModified"
                ]
            except self.client.exceptions.ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                    return None
                raise
        return written

    def write(self, key: str, content: bytes) -> None:
        """Put an object there. Raises EngineError where S3 refuses."""
        with self.answering():
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content)

    def remove(self, key: str) -> None:
        """Delete an object; one that is gone already is fine."""
        with self.answering():
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + key)


def store_of(url: str) -> Store | None:
    """The files behind a backend's URL; None for a backend that only the Pulumi CLI reads (Pulumi Cloud, Azure, Google)."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = unquote(url.removeprefix("file://").partition("?")[0])
        return FolderStore(Path(path).expanduser().absolute())
    if parts.scheme == "s3":
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        prefix = parts.path.strip("/")
        return BucketStore(parts.netloc, f"{prefix}/" if prefix else "", options)
    return None


def _endpoint(given: str | None) -> str | None:
    return given if given is None or "://" in given else f"https://{given}"
