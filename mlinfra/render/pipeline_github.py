"""A workflow of GitHub Actions. Facts: docs.github.com, "Workflow syntax", "OpenID Connect reference", read on 2026-07-31."""

from __future__ import annotations

from mlinfra.render.pipeline import Pipeline, Stage, Text, indented

HEAD = """\
# %%blueprint: validated, planned and priced on a pull request; applied after a merge to %%branch, one environment after the other.
# Written by `mlinfra ci github`, and yours to change. The roles that it takes on are described in %%{blueprint}-roles.md.
#
# Actions are pinned by tag. A commit is stronger: `git ls-remote https://github.com/actions/checkout v4` prints the one
# of a tag, and `uses: actions/checkout@<commit> # v4` pins it.
name: %%blueprint

on:
  pull_request:
    branches: [%%branch]
  push:
    branches: [%%branch]
  workflow_dispatch:
    inputs:
      allow:
        description: Gates to let through, as the plan names them (`replace:lake`), with spaces between
        default: ""

# Nothing is allowed that a job does not ask for.
permissions: {}

defaults:
  run:
    shell: bash

env:
  BLUEPRINT: %%file
  PIP_DISABLE_PIP_VERSION_CHECK: "1"
"""
VARIABLE = """\
  MLINFRA_VAR_%%name: ${{ vars.MLINFRA_VAR_%%upper }}
"""
PLAN = """\

jobs:
  plan:
    if: github.event_name == 'pull_request'
    name: plan ${{ matrix.environment }}
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read
      id-token: write
    concurrency:
      group: %%blueprint-${{ matrix.environment }}-plan-${{ github.event.pull_request.number }}
      cancel-in-progress: true
    strategy:
      fail-fast: false
      matrix:
        # An environment with a role is compared with its state, one without with the branch that the request goes to.
        include:
%%matrix
    env:
      ENVIRONMENT: ${{ matrix.environment }}
      BASE: ${{ github.base_ref }}
      # Tokens are not given to requests from forks: these are compared with the branch.
      ROLE: ${{ github.event.pull_request.head.repo.full_name == github.repository && matrix.role || '' }}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
          persist-credentials: false
%%install
      - name: Validate
        run: mlinfra validate "$BLUEPRINT" -e "$ENVIRONMENT"
      - uses: aws-actions/configure-aws-credentials@v4
        if: env.ROLE != ''
        with:
          role-to-assume: ${{ env.ROLE }}
          aws-region: ${{ matrix.region }}
      - name: Plan
        run: |
          against=()
          if [ -z "$ROLE" ] && git cat-file -e "origin/$BASE:$BLUEPRINT" 2>/dev/null; then
            against=(--against "git:origin/$BASE")
          fi
          mkdir -p results
          mlinfra plan "$BLUEPRINT" -e "$ENVIRONMENT" "${against[@]}" --format markdown > "results/$ENVIRONMENT.md"
          mlinfra cost "$BLUEPRINT" -e "$ENVIRONMENT" --format json > "results/$ENVIRONMENT-cost.json"
          cat "results/$ENVIRONMENT.md" >> "$GITHUB_STEP_SUMMARY"%%secret
      - uses: actions/upload-artifact@v4
        with:
          name: plan-${{ matrix.environment }}
          path: results

  comment:
    if: github.event_name == 'pull_request' && github.event.pull_request.head.repo.full_name == github.repository
    needs: [plan]
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      pull-requests: write
    steps:
      - uses: actions/download-artifact@v4
        with:
          pattern: plan-*
          merge-multiple: true
      - name: Comment
        env:
          GH_TOKEN: ${{ github.token }}
          REQUEST: ${{ github.event.pull_request.number }}
        run: |
          mark="<!-- mlinfra %%blueprint -->"
          # A comment holds 65,536 characters.
          { echo "$mark"; cat ./*.md; } | head -c 60000 > comment.txt
          comments="repos/$GITHUB_REPOSITORY/issues"
          own=$(gh api "$comments/$REQUEST/comments" --paginate --jq ".[] | select(.body | startswith(\\"$mark\\")) | .id")
          own=${own%%%%$'\\n'*}
          if [ -n "$own" ]; then
            gh api --silent --method PATCH "$comments/comments/$own" -F body=@comment.txt
          else
            gh api --silent --method POST "$comments/$REQUEST/comments" -F body=@comment.txt
          fi
"""
APPLY = """\

  plan-%%environment:
    if: github.ref == 'refs/heads/%%branch' && github.event_name != 'pull_request'%%needs
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      contents: read
      id-token: write
    env:
      ALLOW: ${{ inputs.allow }}
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
%%install
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: %%plan_role
          aws-region: %%region
      # Who approves the next job reads this plan, and what is applied is this plan or nothing.
      - name: Plan
        run: |
          gates=()
          for gate in $ALLOW; do gates+=(--allow "$gate"); done
          mlinfra plan "$BLUEPRINT" -e %%environment "${gates[@]}" --out %%environment.plan.json \\
            --format markdown >> "$GITHUB_STEP_SUMMARY"%%secret
      - uses: actions/upload-artifact@v4
        with:
          name: plan-%%environment
          path: %%environment.plan.json

  apply-%%environment:
    if: github.ref == 'refs/heads/%%branch' && github.event_name != 'pull_request'
    needs: [plan-%%environment]
    runs-on: ubuntu-24.04
    timeout-minutes: 180
    # %%approval
    environment: %%name
    permissions:
      contents: read
      id-token: write
    # Never two at once, and never one cut off: the next waits.
    concurrency:
      group: %%name
      cancel-in-progress: false
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
%%install
      - uses: actions/cache@v4
        with:
          path: |
            ~/.cache/mlinfra/engine
            ~/.pulumi/plugins
          key: mlinfra-engine-${{ runner.os }}-%%install_key
      - name: Engine
        run: mlinfra engine install
      - uses: actions/download-artifact@v4
        with:
          name: plan-%%environment
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: %%apply_role
          aws-region: %%region
          # The apply stops cleanly before the session ends, and goes on where the job is run again. One that is to take longer
          # needs a longer `--timeout` and a role with a longer session (`MaxSessionDuration`).
          role-duration-seconds: 3600
      - name: Apply
        run: |%%guard
          mlinfra apply %%environment.plan.json --yes --timeout 55m --log apply.jsonl%%secret
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: log-%%environment
          path: apply.jsonl
          if-no-files-found: ignore
"""
INSTALL = """\
- uses: actions/setup-python@v5
  with:
    python-version: "3.12"
- uses: actions/cache@v4
  with:
    path: ~/.cache/pip
    key: mlinfra-pip-${{ runner.os }}-%%key
- name: Install
  run: python -m pip install --quiet "%%install\""""
OF_STEP = """
        env:
          PULUMI_CONFIG_PASSPHRASE: ${{ secrets.MLINFRA_PASSPHRASE }}"""
# A secret that is not set is empty, and an empty passphrase would be taken for one.
GUARD = """
          : "${PULUMI_CONFIG_PASSPHRASE:?the secret MLINFRA_PASSPHRASE is not set}\""""


def workflow(pipeline: Pipeline) -> str:
    """The text of ``.github/workflows/<blueprint>.yml``."""
    install = Text(INSTALL).substitute(key=_key(pipeline.install), install=pipeline.install)
    common = {
        "blueprint": pipeline.blueprint,
        "branch": pipeline.branch,
        "file": pipeline.file,
        "install": indented(install, 6),
        "install_key": _key(pipeline.install),
    }
    parts = [Text(HEAD).substitute(common)]
    parts += [Text(VARIABLE).substitute(name=name, upper=name.upper()) for name in pipeline.variables]
    parts.append(
        Text(PLAN).substitute(
            common,
            matrix="\n".join(f"          - {_matrix(stage)}" for stage in pipeline.stages),
            secret=_passphrase(pipeline.stages),
        )
    )
    before: Stage | None = None
    for stage in pipeline.applied:
        parts.append(_apply(stage, before, common))
        before = stage
    return "".join(parts)


def account_variable(stage: Stage) -> str:
    """The repository's variable that holds the account of an environment whose blueprint names none."""
    return f"AWS_ACCOUNT_{stage.environment.upper()}"


def _apply(stage: Stage, before: Stage | None, common: dict[str, str]) -> str:
    approval = (
        "Required reviewers of this environment (Settings, Environments) are asked before the job starts."
        if stage.protected
        else "Without required reviewers (Settings, Environments) it starts by itself."
    )
    account = f"${{{{ vars.{account_variable(stage)} }}}}"
    return Text(APPLY).substitute(
        common,
        environment=stage.environment,
        name=stage.name,
        region=stage.region,
        needs=f"\n    needs: [apply-{before.environment}]" if before else "",
        approval=approval,
        plan_role=stage.role("plan", account),
        apply_role=stage.role("apply", account),
        secret=_passphrase((stage,)),
        guard="" if stage.key else GUARD,
    )


def _matrix(stage: Stage) -> str:
    role = stage.role("plan", f"${{{{ vars.{account_variable(stage)} }}}}") if stage.applied else ""
    return f'{{environment: {stage.environment}, region: {stage.region}, role: "{role}"}}'


def _passphrase(stages: tuple[Stage, ...]) -> str:
    """The step's environment where a passphrase encrypts secrets in a state that is read."""
    return OF_STEP if any(stage.applied and stage.key is None for stage in stages) else ""


def _key(install: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in install)
