"""A conversion in a process of its own, to be killed, crowded and starved: `python -m tests.convert.child PHOTOS OUT JOURNAL`.

Prints a JSON line per event; `{"type": "failure"}` if it ended with an error of ours.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from p2p_desktop.convert.job import ConvertSettings, Event, convert
from tests.convert.fakes import Inverter, tree
from training.contract.errors import P2PError


def say(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields, default=str) + "\n")
    sys.stdout.flush()


def tell(event: Event) -> None:
    say(type=type(event).__name__, **asdict(event))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--wait", action="store_true", help="begin when a line comes from stdin")
    parser.add_argument("--list", action="store_true", help="say at the end what lies in OUT")
    asked = parser.parse_args()
    if asked.wait:
        say(type="ready")
        sys.stdin.readline()
    try:
        convert(
            [asked.photos],
            asked.out,
            Inverter(seconds=asked.seconds),
            ConvertSettings(),
            journal_path=asked.journal,
            memory_budget=1 << 28,
            report=tell,
        )
    except P2PError as error:
        say(type="failure", kind=type(error).__name__, message=str(error))
        return 1
    finally:
        if asked.list:
            say(type="files", files=tree(asked.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
