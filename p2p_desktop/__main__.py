"""The program's door: no arguments, or files and folders, mean the window; anything else is the command line."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from p2p_desktop.cli import COMMANDS
from p2p_desktop.network_guard import guard_if_told
from training.contract.errors import P2PError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code (design 3.5)."""
    guard_if_told()  # before anything: a frozen program that is a worker of another goes no further than `prepare`
    if getattr(sys, "frozen", False):
        from p2p_desktop.frozen import prepare

        prepare()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["window-check"]:  # of the self-test
        from p2p_desktop.ui.window_check import check_window

        return check_window(words[1:])
    if words[:1] == ["self-check"]:  # of the self-test
        from p2p_desktop.cli.self_test.check import run_check

        return run_check(words[1:])
    if words[:1] == ["trainer"]:  # a frozen program has no `python -m training`
        from training.__main__ import main as trainer

        return trainer(words[1:])
    if wants_window(words):
        from p2p_desktop.ui.app import run_window  # Qt, which the command line runs without

        try:
            return run_window([Path(word) for word in words])
        except P2PError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    from p2p_desktop.cli.app import run

    return run(words)


def wants_window(words: Sequence[str]) -> bool:
    """Tell whether there is nothing, or first a file or folder that exists, and no option. A command's name is no file's.

    What does not exist among the others is told in the window, which the files that do exist were meant for.
    """
    if not words:
        return True
    exists = os.path.exists(words[0])  # noqa: PTH110  Path.exists raises an error for a word that is too long for a name
    return exists and words[0] not in COMMANDS and not any(word.startswith("-") for word in words)


if __name__ == "__main__":
    sys.exit(main())
