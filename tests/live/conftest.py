"""Servers of streams, closed after the test; whatever watches them, ended."""

import pytest

from p2p_desktop.live import capture, session
from tests.live.streams import MjpegServer
from tests.live.watching import Watching


@pytest.fixture
def stream():
    server = MjpegServer()
    yield server
    server.close()


@pytest.fixture
def watching():
    """Begin to watch a camera."""
    started = []

    def start(*words, **options):
        started.append(Watching(*words, **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def impatient(monkeypatch):
    """Cameras are waited for, but not for ever."""
    monkeypatch.setattr(session, "PATIENCE_S", 1.5)
    monkeypatch.setattr(capture, "WAITS_S", (0.1, 0.2))
