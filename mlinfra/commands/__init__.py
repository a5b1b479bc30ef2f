"""The command line: one file per verb, found by walking this folder and imported only when the verb is used.

A verb's file is its name (``cost_explain.py`` is ``mlinfra cost explain``). It holds ``run``, whose signature is the
command line and whose docstring is the help, and ``EXAMPLE``, a command that a test runs. stdout is the result and
nothing else; see ``main`` for exit codes.
"""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 fine; 1 the answer is no; 2 wrong usage or blueprint (1 with ``--detailed-exitcode``); 3 over a cost limit;
    4 mlinfra, the engine or the cloud failed; 130 interrupted.
    """
    from mlinfra.errors import EngineError, MlinfraError, RefusedError

    if arguments is None:
        _leave_garbage_to_the_system()
    given = list(sys.argv[1:] if arguments is None else arguments)
    # There 2 says that a plan has changes, and a mistake must not be taken for them.
    wrong = 1 if "--detailed-exitcode" in given else 2
    try:
        return _run(given, wrong)
    except MlinfraError as error:
        from mlinfra.commands._output import complain

        complain(error)
        if isinstance(error, RefusedError):
            return 1
        return 4 if isinstance(error, EngineError) and wrong != 1 else wrong
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        from mlinfra.commands._output import let_go_of_stdout

        let_go_of_stdout()
        return 0
    except Exception as error:  # noqa: BLE001  # the last line of defence: a user never sees a traceback
        from mlinfra.commands._internal_error import report

        report(error, given)
        return 4


def _leave_garbage_to_the_system() -> None:
    """A command lives for a second and then gives back all its memory: looking for cycles before is a fifth of its time.

    Python looks once more when it ends, through everything that is not frozen.
    """
    gc.disable()
    atexit.register(gc.freeze)


def _run(arguments: list[str], wrong: int) -> int:
    import typer

    from mlinfra.commands._group import group

    try:
        code = group().main(args=arguments, prog_name="mlinfra", standalone_mode=False)
        sys.stdout.flush()
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        from mlinfra.commands._output import complain_about_usage

        complain_about_usage(error)
        return wrong
    return code if isinstance(code, int) else 0
