"""Tests of threads need an event loop, and no screen; those of runs need pictures."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

import pytest

from tests.training.runs import write_photos


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Six pictures, not to be written to."""
    return write_photos(tmp_path_factory.mktemp("data") / "photos")
