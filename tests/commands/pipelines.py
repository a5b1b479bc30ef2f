"""What is wrong with a pipeline: the part of actionlint's and GitLab's checks that needs no list of actions."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import yaml

WORKFLOW = {"name", "on", "permissions", "env", "defaults", "concurrency", "jobs"}
JOB = {
    *("name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency"),
    *("strategy", "env", "steps", "defaults", "outputs"),
}
STEP = {"name", "id", "if", "uses", "with", "env", "run", "shell", "continue-on-error", "timeout-minutes"}
SCOPES = {"contents": {"read"}, "id-token": {"write"}, "pull-requests": {"write"}}
CONTEXTS = {"github", "env", "vars", "secrets", "matrix", "needs", "inputs", "runner", "steps"}
GITLAB_HEAD = {"workflow", "stages", "variables", "default", "include"}
GITLAB_JOB = {
    *("extends", "stage", "image", "cache", "before_script", "script", "rules", "variables", "needs", "artifacts"),
    *("environment", "resource_group", "interruptible", "timeout", "id_tokens"),
}


class Loader(yaml.SafeLoader):
    """YAML with GitLab's ``!reference``; a key that is given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key is given twice: {keys}"
        return super().construct_mapping(node, deep)


Loader.add_constructor("!reference", lambda loader, node: loader.construct_sequence(node))
Loader.add_constructor(
    "tag:yaml.org,2002:bool", lambda loader, node: node.value if node.value == "on" else node.value == "true"
)


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506  # a SafeLoader
    return document


def wrong_in_shell(script: str) -> Iterator[str]:
    """Expressions belong into ``env``: inside of a script they are pasted before the shell reads it."""
    if "${{" in script:
        yield f"an expression inside of a script: {script}"
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        yield done.stderr


def wrong_in_expressions(text: str) -> Iterator[str]:
    if text.count("${{") != len(re.findall(r"\$\{\{.*?\}\}", text)):
        yield f"not closed: {text}"
    for expression in re.findall(r"\$\{\{(.*?)\}\}", text):
        yield from wrong_in_expression(expression)


def wrong_in_expression(expression: str) -> Iterator[str]:
    plain = re.sub(r"'[^']*'", "", expression)
    if plain.count("(") != plain.count(")") or "'" in plain or '"' in plain:
        yield f"not balanced: {expression}"
    for name in re.findall(r"\b([a-z]+)\.", re.sub(r"\.[\w.-]+", ".", plain)):
        if name not in CONTEXTS:
            yield f"there is no context `{name}`: {expression}"


def wrong_in_workflow(document: dict[str, Any]) -> Iterator[str]:
    """Everything that is wrong with a workflow of GitHub Actions."""
    yield from (f"unknown key {key}" for key in set(document) - WORKFLOW)
    if document["permissions"] != {}:
        yield "jobs have permissions that they did not ask for"
    jobs = document["jobs"]
    for name, job in jobs.items():
        yield from (f"{name}: unknown key {key}" for key in set(job) - JOB)
        yield from (f"{name} needs {other}, which is no job" for other in set(job.get("needs", ())) - set(jobs))
        for scope, level in job["permissions"].items():
            if level not in SCOPES.get(scope, ()):
                yield f"{name}: {scope}: {level}"
        if "timeout-minutes" not in job:
            yield f"{name} may run for six hours"
        yield from wrong_in_expression(str(job.get("if", "")))
        for step in job["steps"]:
            yield from (f"{name}: unknown key {key}" for key in set(step) - STEP)
            if ("uses" in step) == ("run" in step):
                yield f"{name}: a step is either of `uses` and `run`: {step}"
            if not re.fullmatch(r"[\w-]+/[\w-]+@(v\d+(\.\d+)*|[0-9a-f]{40})", step.get("uses", "a/b@v1")):
                yield f"{name}: not pinned: {step['uses']}"
            yield from wrong_in_expression(str(step.get("if", "")))
            yield from wrong_in_shell(step.get("run", ""))
    yield from wrong_in_expressions(yaml.safe_dump(document, width=10_000))
    yield from _circles({name: set(job.get("needs", ())) for name, job in jobs.items()})


def wrong_in_gitlab(document: dict[str, Any]) -> Iterator[str]:
    """Everything that is wrong with a pipeline of GitLab CI."""
    jobs = {name: job for name, job in document.items() if name not in GITLAB_HEAD}
    stages = document["stages"]
    for name, job in jobs.items():
        yield from (f"{name}: unknown key {key}" for key in set(job) - GITLAB_JOB)
        yield from (f"{name} needs {other}, which is no job" for other in set(job.get("needs", ())) - set(jobs))
        if job.get("extends", name) not in jobs:
            yield f"{name} extends {job['extends']}, which is no job"
        if not name.startswith("."):
            if job.get("stage") not in stages:
                yield f"{name}: there is no stage {job.get('stage')}"
            if not {"script", "rules"} <= set(job):
                yield f"{name} has no script or no rules"
            later = [
                other
                for other in job.get("needs", ())
                if stages.index(jobs[other]["stage"]) > stages.index(job["stage"])
            ]
            yield from (f"{name} needs {other} of a later stage" for other in later)
        lines = [line for line in (*job.get("before_script", ()), *job.get("script", ())) if isinstance(line, str)]
        yield from wrong_in_shell("\n".join(lines))
        image = job.get("image", "a:1")
        if ":" not in image or image.endswith(":latest"):
            yield f"{name}: not pinned: {image}"
    yield from _circles({name: set(job.get("needs", ())) for name, job in jobs.items()})


def _circles(needs: dict[str, set[str]]) -> Iterator[str]:
    left = dict(needs)
    while free := [name for name, needed in left.items() if not needed & set(left)]:
        for name in free:
            del left[name]
    if left:
        yield f"these wait for each other: {sorted(left)}"
