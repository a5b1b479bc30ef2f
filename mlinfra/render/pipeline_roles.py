"""The IAM roles that a pipeline takes on, as a page to hand to whoever makes them.

Facts: docs.aws.amazon.com, "Create an OpenID Connect identity provider in IAM"; docs.github.com, "OpenID Connect reference";
docs.gitlab.com, "Configure OpenID Connect in AWS"; read on 2026-07-31.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from mlinfra.render.pipeline import Pipeline, Stage, Text
from mlinfra.render.pipeline_github import account_variable

Json: TypeAlias = Mapping[str, Any]
ISSUERS = {"github": "token.actions.githubusercontent.com"}
AUDIENCES = {"github": "sts.amazonaws.com"}
PAGE = """\
# Roles of the pipeline of `%%blueprint`

The pipeline has no key. Each job gets a token from %%platform, shows it to AWS, and takes on a role for an hour. In each account
the identity provider is made once:

```
aws iam create-open-id-connect-provider --url https://%%issuer --client-id-list %%audience
```

Each environment has two roles: one that plans, which only reads the state, and one that applies. The `sub` of a token says where
it comes from, and the conditions below let in nothing else. %%guard
"""
GUARD = {
    "github": (
        "A job with an environment has the environment in its `sub` and not its branch: let each environment be deployed\n"
        "from `%%branch` only (Settings, Environments, Deployment branches), and give protected ones required reviewers."
    ),
    "gitlab": "Protect the branch `%%branch`, and name who may deploy in Settings, CI/CD, Protected environments.",
}
STAGE = """\

## %%environment%%unknown

`%%plan_role` trusts:

```json
%%plan_trust
```

and may:

```json
%%plan_policy
```

`%%apply_role` trusts:

```json
%%apply_trust
```

and may:

```json
%%apply_policy
```

and create, change and delete what the blueprint says. mlinfra does not derive that list: `mlinfra graph %%file -e %%environment`
shows every resource, and roles that the blueprint creates are named `%%name-…`. Bound it with a permissions boundary.
"""
NOT_APPLIED = """\

## Not applied

%%names: the state is not in a bucket, and a runner forgets its disk, so that every apply would create everything again. Set
`state: s3://<bucket>/<prefix>?region=<region>` in the environment, make the bucket with `mlinfra state create`, and write the pipeline
again with `mlinfra ci %%platform --force`. Until then requests are compared with their branch, without any credentials.
"""
SETTINGS = """\

## Settings of the repository

%%rows
"""


def roles_page(pipeline: Pipeline) -> str:
    """The page, as Markdown."""
    guard = Text(GUARD[pipeline.platform]).substitute(branch=pipeline.branch)
    parts = []
    if pipeline.applied:
        parts.append(
            Text(PAGE).substitute(
                blueprint=pipeline.blueprint,
                platform={"github": "GitHub", "gitlab": "GitLab"}[pipeline.platform],
                issuer=_issuer(pipeline),
                audience=_audience(pipeline),
                guard=guard,
            )
        )
    else:
        parts.append(f"# Roles of the pipeline of `{pipeline.blueprint}`\n")
    parts += [_stage(stage, pipeline) for stage in pipeline.applied]
    if others := [f"`{stage.environment}`" for stage in pipeline.stages if not stage.applied]:
        parts.append(Text(NOT_APPLIED).substitute(names=", ".join(others), platform=pipeline.platform))
    if rows := _settings(pipeline):
        parts.append(Text(SETTINGS).substitute(rows="\n".join(rows)))
    return "".join(parts)


def trust(stage: Stage, pipeline: Pipeline, what: Literal["plan", "apply"]) -> Json:
    """Who may take on a role: tokens of this repository, for what the role is for."""
    issuer = _issuer(pipeline)
    audience, subject = {f"{issuer}:aud": _audience(pipeline)}, {f"{issuer}:sub": _subjects(stage, pipeline, what)}
    patterns = any("*" in one for one in subject[f"{issuer}:sub"])
    condition: Json = (
        {"StringEquals": audience, "StringLike": subject} if patterns else {"StringEquals": {**audience, **subject}}
    )
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": f"arn:aws:iam::{_account(stage)}:oidc-provider/{issuer}"},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": condition,
            }
        ],
    }


def _subjects(stage: Stage, pipeline: Pipeline, what: Literal["plan", "apply"]) -> list[str]:
    if pipeline.platform == "github":
        repository = f"repo:{pipeline.repository}"
        if what == "apply":
            return [f"{repository}:environment:{stage.name}"]
        return [f"{repository}:pull_request", f"{repository}:ref:refs/heads/{pipeline.branch}"]
    project = f"project_path:{pipeline.repository}:ref_type:branch:ref"
    return [f"{project}:{pipeline.branch}"] if what == "apply" else [f"{project}:*"]


def _policy(stage: Stage, what: Literal["plan", "apply"]) -> Json:
    objects = f"arn:aws:s3:::{stage.bucket}/{stage.prefix + '/' if stage.prefix else ''}*"
    writing = ["s3:PutObject", "s3:DeleteObject"] if what == "apply" else []
    statements: list[Json] = [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{stage.bucket}"},
        {"Effect": "Allow", "Action": ["s3:GetObject", *writing], "Resource": objects},
    ]
    if stage.key is not None:
        more = ["kms:Encrypt", "kms:GenerateDataKey"] if what == "apply" else []
        statements.append({"Effect": "Allow", "Action": ["kms:Decrypt", *more], **_key(stage)})
    return {"Version": "2012-10-17", "Statement": statements}


def _key(stage: Stage) -> Json:
    """A key by its ARN; one that is named by an alias is any key that has the alias."""
    assert stage.key is not None  # noqa: S101 - asked before
    if stage.key.startswith("arn:"):
        return {"Resource": stage.key}
    own = f"arn:aws:kms:{stage.region}:{_account(stage)}:key/"
    if not stage.key.startswith("alias/"):
        return {"Resource": f"{own}{stage.key}"}
    return {"Resource": f"{own}*", "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [stage.key]}}}


def _stage(stage: Stage, pipeline: Pipeline) -> str:
    unknown = "" if stage.account else "\n\nThe blueprint names no account; it stands as `<account>` below."
    return Text(STAGE).substitute(
        environment=stage.environment,
        unknown=unknown,
        file=pipeline.file,
        name=stage.name,
        plan_role=stage.role("plan", "<account>"),
        apply_role=stage.role("apply", "<account>"),
        **{f"{what}_trust": _json(trust(stage, pipeline, what)) for what in ("plan", "apply")},
        **{f"{what}_policy": _json(_policy(stage, what)) for what in ("plan", "apply")},
    )


def _settings(pipeline: Pipeline) -> Sequence[str]:
    rows = [
        f"- variable `{account_variable(stage)}`: the account of `{stage.environment}`"
        for stage in pipeline.applied
        if stage.account is None
    ]
    rows += [
        f"- variable `{_variable(pipeline, name)}`: the blueprint's variable `{name}`" for name in pipeline.variables
    ]
    if any(stage.key is None for stage in pipeline.applied):
        name = "MLINFRA_PASSPHRASE" if pipeline.platform == "github" else "PULUMI_CONFIG_PASSPHRASE"
        rows.append(
            f"- secret `{name}`: the passphrase of the state. With `secrets: awskms://alias/…` in the environment there is none to keep"
        )
    if pipeline.platform == "github":
        rows += [
            f"- environment `{stage.name}`{': required reviewers' if stage.protected else ''}"
            for stage in pipeline.applied
        ]
    return rows


def _variable(pipeline: Pipeline, name: str) -> str:
    return f"MLINFRA_VAR_{name.upper() if pipeline.platform == 'github' else name}"


def _account(stage: Stage) -> str:
    return stage.account or "<account>"


def _issuer(pipeline: Pipeline) -> str:
    return ISSUERS.get(pipeline.platform, pipeline.host)


def _audience(pipeline: Pipeline) -> str:
    return AUDIENCES.get(pipeline.platform, f"https://{pipeline.host}")


def _json(document: Json) -> str:
    return json.dumps(document, indent=2)
