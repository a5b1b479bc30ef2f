"""A pipeline of GitLab CI. Facts: docs.gitlab.com, "CI/CD YAML syntax reference", "ID token authentication", read on 2026-07-31."""

from __future__ import annotations

from mlinfra.render.pipeline import Pipeline, Stage, Text
from mlinfra.render.pipeline_github import account_variable

HEAD = """\
# %%blueprint: validated, planned and priced on a merge request; applied after a merge to %%branch, one environment after the other.
# Written by `mlinfra ci gitlab`, and yours to change. The roles that it takes on are described in %%{blueprint}-roles.md.
#
# The image is pinned by tag. A digest is stronger: `docker buildx imagetools inspect python:3.12` prints the one of a
# tag, and `image: python:3.12@sha256:<digest>` pins it.
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == "%%branch"

stages: [plan, comment, apply]

variables:
  BLUEPRINT: %%file
  PIP_CACHE_DIR: $CI_PROJECT_DIR/.cache/pip
  XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache
  PULUMI_HOME: $CI_PROJECT_DIR/.cache/pulumi
  GIT_DEPTH: "0"
  # Gates to let through, as the plan names them (`replace:lake`), with spaces between; set it when a pipeline is run by hand.
  MLINFRA_ALLOW: ""

.mlinfra:
  image: python:3.12
  cache:
    key: mlinfra-%%key
    paths: [.cache/pip, .cache/mlinfra, .cache/pulumi/plugins]
  before_script:
    - python -m pip install --quiet --disable-pip-version-check "%%install"%%more

# Takes on the role in $ROLE with the job's own token: no key is kept anywhere.
.role:
  extends: .mlinfra
  id_tokens:
    AWS_TOKEN:
      aud: https://%%host
  before_script:
    - !reference [.mlinfra, before_script]
    - export AWS_ROLE_ARN="$ROLE" AWS_ROLE_SESSION_NAME="gitlab-$CI_PIPELINE_ID"
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
    - printf '%s' "$AWS_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE"
"""
PLAN = """\

plan %%environment:
  extends: %%base
  stage: plan
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    ENVIRONMENT: %%environment%%role
  script:
    - mlinfra validate "$BLUEPRINT" -e "$ENVIRONMENT"
    - mkdir -p results%%against
    - mlinfra plan "$BLUEPRINT" -e "$ENVIRONMENT"%%arguments --format markdown > "results/$ENVIRONMENT.md"
    - mlinfra cost "$BLUEPRINT" -e "$ENVIRONMENT" --format json > "results/$ENVIRONMENT-cost.json"
  artifacts:
    expose_as: plan of %%environment
    paths: [results/]
"""
GIT = """
    # Compared with the branch that the request goes to: its state is on somebody's machine.
    - set --
    - git fetch --quiet origin "$CI_MERGE_REQUEST_TARGET_BRANCH_NAME"
    - |
      if git cat-file -e "FETCH_HEAD:$BLUEPRINT" 2>/dev/null; then set -- --against git:FETCH_HEAD; fi"""
COMMENT = """\

# A note on the request needs a token: a project access token with the scope `api`, as the masked variable MLINFRA_NOTES_TOKEN.
# Without one the plans are below the request as exposed artifacts.
comment:
  image: python:3.12
  stage: comment
  needs: [%%plans]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $MLINFRA_NOTES_TOKEN
  script:
    - cat results/*.md > note.md
    - >-
      curl --fail --silent --show-error --output /dev/null --header "PRIVATE-TOKEN: $MLINFRA_NOTES_TOKEN"
      --data-urlencode body@note.md "$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
"""
APPLY = """\

plan to apply %%environment:
  extends: .role
  stage: apply
  needs: [%%before]
  rules:
    - if: $CI_COMMIT_BRANCH == "%%branch"
  variables:
    ROLE: %%plan_role
  script:
    - set --
    - for gate in $MLINFRA_ALLOW; do set -- "$@" --allow "$gate"; done
    - mlinfra plan "$BLUEPRINT" -e %%environment "$@" --out %%environment.plan.json
  artifacts:
    paths: [%%environment.plan.json]

apply %%environment:
  extends: .role
  stage: apply
  needs: ["plan to apply %%environment"]
  rules:
    - if: $CI_COMMIT_BRANCH == "%%branch"%%approval
  # Never two at once: the next waits.
  resource_group: %%name
  interruptible: false
  timeout: 3h
  environment:
    name: %%name
  variables:
    ROLE: %%apply_role
  script:
    - mlinfra engine install%%guard
    - mlinfra apply %%environment.plan.json --yes --timeout 55m --log apply.jsonl
  artifacts:
    when: always
    paths: [apply.jsonl]
"""
GUARD = """
    - ': "${PULUMI_CONFIG_PASSPHRASE:?the variable is not set}"'"""
MANUAL = """
      # Starts when somebody presses it. Who may is in Settings, CI/CD, Protected environments.
      when: manual
      allow_failure: false"""


def pipeline_file(pipeline: Pipeline) -> str:
    """The text of ``.gitlab-ci.yml``."""
    common = {
        "blueprint": pipeline.blueprint,
        "branch": pipeline.branch,
        "file": pipeline.file,
        "install": pipeline.install,
        "key": "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in pipeline.install),
        "host": pipeline.host,
        # Clusters are asked for tokens with the AWS CLI, which the image does not have.
        "more": " awscli" if any(stage.clusters for stage in pipeline.stages) else "",
    }
    parts = [Text(HEAD).substitute(common)]
    parts += [_plan(stage, common) for stage in pipeline.stages]
    plans = ", ".join(f'"plan {stage.environment}"' for stage in pipeline.stages)
    parts.append(Text(COMMENT).substitute(plans=plans))
    before: Stage | None = None
    for stage in pipeline.applied:
        parts.append(_apply(stage, before, common))
        before = stage
    return "".join(parts)


def _plan(stage: Stage, common: dict[str, str]) -> str:
    role = f"\n    ROLE: {stage.role('plan', f'${account_variable(stage)}')}" if stage.applied else ""
    return Text(PLAN).substitute(
        common,
        environment=stage.environment,
        base=".role" if stage.applied else ".mlinfra",
        role=role,
        against="" if stage.applied else GIT,
        arguments="" if stage.applied else ' "$@"',
    )


def _apply(stage: Stage, before: Stage | None, common: dict[str, str]) -> str:
    account = f"${account_variable(stage)}"
    return Text(APPLY).substitute(
        common,
        environment=stage.environment,
        name=stage.name,
        before=f'"apply {before.environment}"' if before else "",
        approval=MANUAL if stage.protected else "",
        guard="" if stage.key else GUARD,
        plan_role=stage.role("plan", account),
        apply_role=stage.role("apply", account),
    )
