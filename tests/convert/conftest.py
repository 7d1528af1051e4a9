"""A desk of its own for every test."""

import subprocess
import sys
import time

import pytest

from p2p_desktop.owner import Owner
from tests.convert.fakes import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def dead():
    """The owner of a job whose process is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    owner = Owner(Owner.new().host, process.pid, int(time.time()), "0123abcd")
    process.wait()
    return owner
