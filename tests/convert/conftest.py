"""A desk of its own for every test."""

import pytest

from tests.convert.fakes import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)
