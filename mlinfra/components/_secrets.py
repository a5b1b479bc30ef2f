"""How a blueprint names a secret: by where it is kept, never by what it is."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from mlinfra.components._spec import Spec

MANAGED = re.compile(r"aws-secretsmanager://(?P<name>[A-Za-z0-9/_+=.@:-]{1,512})(?:#(?P<key>[A-Za-z0-9_.-]{1,128}))?")
VARIABLE = re.compile(r"env://(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
SECRET_NAME = re.compile(r"(TOKEN|PASSWORD|SECRET|API_?KEY)$", re.IGNORECASE)
"""Variables that are called like a secret, and hold one."""


def _names_a_store(value: str) -> str:
    if not MANAGED.fullmatch(value) and not VARIABLE.fullmatch(value):
        # What was given is not repeated: it may be the secret itself.
        raise PydanticCustomError(
            "secret_reference",
            "a secret is `aws-secretsmanager://name#key` or `env://NAME`, never the value itself",
        )
    return value


SecretAddress: TypeAlias = Annotated[str, AfterValidator(_names_a_store)]
"""Where a secret is kept: `aws-secretsmanager://name`, with `#key` for one key of it, or `env://NAME`."""


class SecretRef(Spec):
    """``{secret: aws-secretsmanager://name#key}`` or ``{secret: env://NAME}``: where a secret is kept.

    The value is never read offline.
    """

    secret: SecretAddress
    """`aws-secretsmanager://name`, with `#key` for one key of a JSON secret,
    or `env://NAME` for an environment variable at apply."""

    @property
    def store(self) -> Literal["aws-secretsmanager", "env"]:
        """Where it is kept."""
        return "env" if self.secret.startswith("env://") else "aws-secretsmanager"

    @property
    def name(self) -> str:
        """The name or ARN in Secrets Manager, or that of the environment variable."""
        return self.secret.partition("://")[2].partition("#")[0]

    @property
    def key(self) -> str | None:
        """The key inside of a JSON secret; None for all of it."""
        return self.secret.partition("#")[2] or None
