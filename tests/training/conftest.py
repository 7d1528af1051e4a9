"""Pictures to train on, a folder for a run, and trainers that start fast."""

import os

import pytest
import torch

from tests.training.runs import ForkServer, write_photos


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    if not hasattr(os, "fork"):
        pytest.skip("trainers are forked here")
    server = ForkServer(tmp_path_factory.mktemp("forks"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Six pictures, not to be written to."""
    return write_photos(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture
def run(tmp_path):
    return tmp_path / "run"


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks gain nothing from a second thread, which spins while it waits. A config's number holds for the process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
