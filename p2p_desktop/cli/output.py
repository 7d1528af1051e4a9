"""What commands print: JSON lines or text on stdout, progress on stderr."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def print_json(data: dict[str, Any]) -> None:  # Any: JSON
    """One line, flushed, so that a reader sees it when it happens. Undecodable bytes of names become lone surrogates, escaped."""
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = json.dumps(data)
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def one_line(text: str) -> str:
    """A name or reason that cannot break the layout of a line."""
    return "".join(character if character.isprintable() else "?" for character in text)


def make_progress(enabled: bool) -> Progress:
    """A progress bar on stderr, shown only where someone looks at it."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (enabled and console.is_terminal),
    )
