"""Our own calls to AWS beside Pulumi's provider: with the role of the environment, and patient where AWS throttles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mlinfra.errors import EngineError

if TYPE_CHECKING:
    from mlinfra.blueprint.model import Deployment

ATTEMPTS = 10


def clients(deployment: Deployment, endpoint: str | None = None) -> Callable[[str], Any]:
    """The boto3 client of a service, by its name, in the region and with the role of the deployment."""
    import boto3
    from botocore.config import Config

    config = Config(retries={"mode": "adaptive", "max_attempts": ATTEMPTS})
    session = boto3.Session(region_name=deployment.region)
    if deployment.assume_role:
        sts = session.client("sts", config=config, endpoint_url=endpoint)
        with answering("take on the role of the environment"):
            taken = sts.assume_role(RoleArn=deployment.assume_role, RoleSessionName="mlinfra")["Credentials"]
        session = boto3.Session(
            region_name=deployment.region,
            aws_access_key_id=taken["AccessKeyId"],
            aws_secret_access_key=taken["SecretAccessKey"],
            aws_session_token=taken["SessionToken"],
        )

    def client(service: str) -> Any:
        return session.client(service, config=config, endpoint_url=endpoint)

    return client


@contextmanager
def answering(what: str) -> Iterator[None]:
    """What AWS refuses as an EngineError that says what was tried, in AWS's own words."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise EngineError(f"could not {what}: {error}") from None
