"""The bucket of a shared state: made once, private, versioned and encrypted; what is so already is left alone.

Facts: the API of Amazon S3, 2006-03-01.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlinfra.components._context import partition
from mlinfra.engine.stores import BucketStore
from mlinfra.errors import EngineError

DEFAULT_REGION = "us-east-1"
"""The only region whose buckets are made without naming it."""
TLS = "MlinfraTlsOnly"
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ABSENT = frozenset(
    {
        "404",
        "NoSuchBucket",
        "NotFound",
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""Codes of S3 that say that there is none of what was asked for."""


@dataclass(frozen=True)
class StateBucket:
    """The bucket behind an ``s3://`` backend. ``region`` is where it is made if it does not exist."""

    store: BucketStore
    region: str

    def missing(self) -> tuple[str, ...]:
        """What there is to do, in words; nothing for a bucket that is as it should be. Raises EngineError."""
        with self.store.answering():
            if not self._exists():
                return (f"create the bucket in {self._place}", *(words for words, _, _ in self._settings()))
            return tuple(words for words, right, _ in self._settings() if not right())

    def create(self) -> tuple[str, ...]:
        """Do it; what was done, in words. Again is fine. Raises EngineError where S3 refuses."""
        done = []
        with self.store.answering():
            if not self._exists():
                self._create()
                done.append(f"create the bucket in {self._place}")
            for words, right, make in self._settings():
                if not right():
                    make()
                    done.append(words)
        return tuple(done)

    @property
    def _place(self) -> str:
        return self.store.options.get("region") or self.region

    def _settings(self) -> tuple[tuple[str, Callable[[], bool], Callable[[], object]], ...]:
        """Each setting: in words, whether it is right, and what makes it so."""
        client, bucket = self.store.client, self.store.bucket
        blocked = {"Bucket": bucket, "PublicAccessBlockConfiguration": BLOCKED}
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        return (
            (
                "block public access",
                lambda: self._ask("get_public_access_block", "PublicAccessBlockConfiguration") == BLOCKED,
                lambda: client.put_public_access_block(**blocked),
            ),
            (
                "keep every version",
                lambda: self._ask("get_bucket_versioning", "Status") == "Enabled",
                lambda: client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}),
            ),
            (
                "encrypt",
                lambda: bool(self._ask("get_bucket_encryption", "ServerSideEncryptionConfiguration")),
                lambda: client.put_bucket_encryption(
                    Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]}
                ),
            ),
            (
                "refuse what comes without TLS",
                lambda: any(one.get("Sid") == TLS for one in self._statements()),
                lambda: client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(self._policy())),
            ),
        )

    def _exists(self) -> bool:
        from botocore.exceptions import ClientError

        try:
            self.store.client.head_bucket(Bucket=self.store.bucket)
        except ClientError as error:
            code = _code(error.response)
            if code in ABSENT:
                return False
            if code in ("403", "AccessDenied"):
                raise EngineError(
                    f"the bucket `{self.store.bucket}` belongs to somebody else, or these credentials may not see it",
                    hint="names of buckets are unique in the world: choose another in `state:`",
                ) from None
            raise
        return True

    def _create(self) -> None:
        place = self._place
        more = {} if place == DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": place}}
        self.store.client.create_bucket(Bucket=self.store.bucket, **more)

    def _ask(self, operation: str, name: str) -> Any:
        from botocore.exceptions import ClientError

        try:
            return getattr(self.store.client, operation)(Bucket=self.store.bucket).get(name)
        except ClientError as error:
            if _code(error.response) in ABSENT:
                return None
            raise

    def _statements(self) -> list[Mapping[str, Any]]:
        text = self._ask("get_bucket_policy", "Policy")
        found = json.loads(text).get("Statement", []) if text else []
        return found if isinstance(found, list) else [found]

    def _policy(self) -> Mapping[str, Any]:
        """The policy that there is, and one statement more."""
        arn = f"arn:{partition(self._place)}:s3:::{self.store.bucket}"
        refused = {
            "Sid": TLS,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [*self._statements(), refused]}


def _code(response: Any) -> str:
    return str(response.get("Error", {}).get("Code", ""))
