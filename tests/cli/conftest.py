"""The command line as a person meets it: a real process."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self):
        return self.lines[-1]

    def rows(self, state=None):
        return [line for line in self.lines if line["type"] == "picture" and state in (None, line["state"])]


@pytest.fixture
def p2p(home_in_use):
    """Run a command line to its end."""

    def run(*words, **environment):
        result = subprocess.run(
            [sys.executable, "-m", "p2p_desktop", *map(str, words)],
            env=os.environ | environment,
            capture_output=True,
            timeout=200,
            check=False,
        )
        return Ended(result.returncode, result.stdout.decode("utf-8"), result.stderr.decode("utf-8", "replace"))

    return run
