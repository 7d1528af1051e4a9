"""Servers of streams, closed after the test."""

import pytest

from tests.live.streams import MjpegServer


@pytest.fixture
def stream():
    server = MjpegServer()
    yield server
    server.close()
