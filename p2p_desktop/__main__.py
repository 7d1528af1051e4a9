"""The program's door: no arguments, or only pictures, mean the window; anything else is the command line."""

import sys
from collections.abc import Sequence
from pathlib import Path

from training.contract.errors import P2PError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code (design 3.5)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
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
    """Tell whether there are only names of files and folders that exist, or nothing at all. A command's name is no file's."""
    return all(not word.startswith("-") and Path(word).exists() for word in words) and words[:1] not in (
        ["convert"],
        ["models"],
        ["train"],
        ["evaluate"],
        ["doctor"],
    )


if __name__ == "__main__":
    sys.exit(main())
