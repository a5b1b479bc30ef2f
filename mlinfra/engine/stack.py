"""A stack of the Automation API that asks the CLI nothing that is known already.

The SDK starts the CLI four more times around each run: to select the stack, for its outputs (twice) and for its history. That takes longer than
many a run. mlinfra reads states and histories itself, and each command names its stack.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

from pulumi import automation
from pulumi.automation._stack import StackInitMode
from pulumi.automation.errors import StackAlreadyExistsError
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

from mlinfra.engine.process import Cli

OWN_CONNECTION = ("grpc.use_local_subchannel_pool", 1)
"""Each run of a program reaches its engine by a connection of its own. By gRPC's default all connections of a process to one address share what is
known of it, and an engine that gets the port of one that is gone is taken for gone, too."""
UNASKED = datetime.datetime.min.replace(tzinfo=datetime.UTC)


class _Workspace(automation.LocalWorkspace):
    def select_stack(self, stack_name: str) -> None:
        """Nothing: who selects here knows that the stack is there."""


class _Stack(automation.Stack):
    def outputs(self) -> automation.OutputMap:
        """None: they are in the state."""
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:  # noqa: FBT001, FBT002 - the SDK's own
        """A summary of which only the type is right: the history is read from the backend."""
        return automation.UpdateSummary("", UNASKED, "", {}, {}, "")


def stack_of(
    name: str,
    project: str,
    program: Callable[[], None],
    *,
    folder: Path,
    cli: Cli,
    secrets: str,
    settings: automation.StackSettings,
    exists: bool,
) -> automation.Stack:
    """The stack of a project, with the CLI's files for it in ``folder``; made where it does not exist.

    ``settings`` are what ``Pulumi.<stack>.yaml`` says. Raises CommandError where the CLI refuses.
    """
    if OWN_CONNECTION not in _GRPC_CHANNEL_OPTIONS:
        _GRPC_CHANNEL_OPTIONS.append(OWN_CONNECTION)
    workspace = _Workspace(
        work_dir=str(folder),
        program=program,
        secrets_provider=secrets,
        project_settings=automation.ProjectSettings(project, "python", main=str(Path.cwd())),
        stack_settings={name: settings},
        pulumi_command=cli,
    )
    if not exists:
        try:
            return _Stack(name, workspace, StackInitMode.CREATE)
        except StackAlreadyExistsError:
            pass  # somebody else was faster
    return _Stack(name, workspace, StackInitMode.SELECT)
