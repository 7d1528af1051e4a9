"""The program's door: no arguments, or only pictures, mean the window; anything else is the command line."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and give its exit code (design 3.5)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["trainer"]:  # a frozen program has no `python -m training`
        from training.__main__ import main as trainer

        return trainer(words[1:])
    from p2p_desktop.cli.app import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
