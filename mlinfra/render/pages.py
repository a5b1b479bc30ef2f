"""Markdown on a terminal: formatted where there is colour, as it is written elsewhere."""

from __future__ import annotations

from mlinfra.render.terminal import Terminal


def page_text(text: str, terminal: Terminal) -> str:
    """The page for reading here; without colour exactly the Markdown, which a file or a pipe can use."""
    if not terminal.colour:
        return text
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console(width=min(terminal.width, 120), force_terminal=True)
    with console.capture() as captured:
        console.print(Markdown(text))
    return captured.get().rstrip()
