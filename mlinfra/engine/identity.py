"""Who the credentials are: the account must be the environment's before anything is changed in it."""

from __future__ import annotations

import dataclasses

from mlinfra.blueprint.model import Deployment
from mlinfra.errors import EngineError


def in_account(deployment: Deployment, *, endpoint: str | None = None) -> Deployment:
    """The deployment in the account of the credentials, with the role taken on that the environment names.

    An environment that names no account gets that of the credentials. Raises EngineError where there are no credentials, the role cannot be
    taken on, or the account is another one than the environment's.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        sts = boto3.client("sts", region_name=deployment.region, endpoint_url=endpoint)
        if deployment.assume_role:
            taken = sts.assume_role(RoleArn=deployment.assume_role, RoleSessionName="mlinfra")["Credentials"]
            sts = boto3.client(
                "sts",
                region_name=deployment.region,
                endpoint_url=endpoint,
                aws_access_key_id=taken["AccessKeyId"],
                aws_secret_access_key=taken["SecretAccessKey"],
                aws_session_token=taken["SessionToken"],
            )
        caller = sts.get_caller_identity()
    except BotoCoreError as error:
        raise EngineError(
            f"there are no AWS credentials that work: {error}",
            hint="`aws sso login`, or set `AWS_PROFILE`; `--sandbox` needs none",
        ) from None
    except ClientError as error:
        raise EngineError(
            f"AWS refuses the credentials: {error}", hint="`aws sts get-caller-identity` says who they are"
        ) from None
    account = str(caller["Account"])
    if deployment.account_is_stand_in:
        return dataclasses.replace(deployment, account=account, account_is_stand_in=False)
    if account != deployment.account:
        raise EngineError(
            f"the credentials are of account `{account}`, and environment `{deployment.environment}` is in `{deployment.account}`",
            hint="use credentials of that account, or name a role of it with `assume_role`",
        )
    return deployment
