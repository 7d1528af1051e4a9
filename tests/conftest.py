"""Every test has a user's home of its own, and leaves Python's logging as it was. Trainers that start fast are for all."""

import logging
import os

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # no test fails for a busy computer
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def user_home(tmp_path_factory, monkeypatch):
    """The folder that P2P_DESKTOP_HOME names: nothing is read from, or left in, the tester's own."""
    home = tmp_path_factory.mktemp("p2p-home")
    monkeypatch.setenv("P2P_DESKTOP_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def converted_networks(tmp_path_factory):
    """A cache folder that tests share: what one has converted for OpenVINO need not be converted by the next."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "openvino").mkdir()
    return cache


@pytest.fixture
def home_in_use(user_home, converted_networks):
    """The user's home, in which models were used before."""
    (user_home / "cache").mkdir()
    (user_home / "cache" / "openvino").symlink_to(converted_networks / "openvino", target_is_directory=True)
    return user_home


@pytest.fixture(autouse=True)
def same_logging():
    """Commands that run in this process set logging up: their terminal is gone after the test."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """Starts trainers by forking one process that has imported torch."""
    if not hasattr(os, "fork"):
        pytest.skip("trainers are forked here")
    from tests.training.runs import ForkServer  # OpenCV; most tests need none

    server = ForkServer(tmp_path_factory.mktemp("forks"))
    yield server
    server.close()
