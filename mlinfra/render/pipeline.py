"""What a pipeline of a blueprint has to know: its environments in the order in which they are applied, and what each of them needs."""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from mlinfra.blueprint.model import Deployment
from mlinfra.components._context import Layer

Platform = Literal["github", "gitlab"]


class Text(string.Template):
    """A template whose names are ``%%name`` or ``%%{name}``: ``$`` belongs to shells and pipelines."""

    delimiter = "%%"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One environment. ``account`` is None where the blueprint names none, ``bucket`` where no pipeline can reach the state."""

    blueprint: str
    environment: str
    region: str
    account: str | None
    protected: bool
    bucket: str | None
    prefix: str
    key: str | None
    """What encrypts secrets in the state: ``alias/…`` or an ARN of KMS, None for a passphrase."""
    clusters: bool

    @classmethod
    def of(cls, deployment: Deployment) -> Stage:
        """The stage that applies a deployment."""
        state = urlsplit(deployment.state or "")
        secrets = deployment.secrets or "passphrase"
        key = None if secrets == "passphrase" else secrets.removeprefix("awskms://").partition("?")[0].lstrip("/")
        return cls(
            blueprint=deployment.blueprint,
            environment=deployment.environment,
            region=deployment.region,
            account=None if deployment.account_is_stand_in else deployment.account,
            protected=deployment.protected,
            bucket=state.netloc if state.scheme == "s3" else None,
            prefix=state.path.strip("/"),
            key=key,
            clusters=any(layer > Layer.FOUNDATION for layer in deployment.layers),
        )

    @property
    def name(self) -> str:
        """``fraud-dev``: what environments, locks and roles are called."""
        return f"{self.blueprint}-{self.environment}"

    @property
    def applied(self) -> bool:
        """Whether a pipeline can apply it: a runner forgets its disk, so the state has to be in a bucket."""
        return self.bucket is not None

    def role(self, what: Literal["plan", "apply"], account: str) -> str:
        """The ARN of a role, in the account that the blueprint names, else in ``account``."""
        return f"arn:aws:iam::{self.account or account}:role/{self.name}-{what}"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """All that a pipeline is written from. ``file`` is the blueprint's path below the root of the repository."""

    platform: Platform
    blueprint: str
    file: str
    branch: str
    install: str
    """What pip is told to install."""
    variables: tuple[str, ...]
    """Variables of the blueprint that have a value nowhere: the platform's settings give it."""
    stages: tuple[Stage, ...]
    repository: str
    """``owner/name``, as the platform calls it in tokens."""
    host: str

    @classmethod
    def of(
        cls,
        platform: Platform,
        deployments: Iterable[Deployment],
        *,
        file: str,
        branch: str,
        install: str,
        variables: Iterable[str],
        repository: str,
        host: str,
    ) -> Pipeline:
        """The pipeline of all environments: unprotected ones first, each sort in the order of the blueprint."""
        stages = sorted((Stage.of(one) for one in deployments), key=lambda stage: stage.protected)
        return cls(
            platform=platform,
            blueprint=stages[0].blueprint,
            file=file,
            branch=branch,
            install=install,
            variables=tuple(variables),
            stages=tuple(stages),
            repository=repository,
            host=host,
        )

    @property
    def applied(self) -> tuple[Stage, ...]:
        """The stages that are applied, in order."""
        return tuple(stage for stage in self.stages if stage.applied)


def indented(text: str, columns: int) -> str:
    """Every line that holds something, further right."""
    return "".join(f"{' ' * columns}{line}" if line.strip() else line for line in text.splitlines(keepends=True))
