"""Pictures to train on, and a folder for a run."""

import pytest
import torch

from tests.training.runs import write_photos


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
