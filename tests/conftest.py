"""Every test has a user's home of its own: nothing is read from, or left in, the tester's."""

import pytest


@pytest.fixture(autouse=True)
def user_home(tmp_path_factory, monkeypatch):
    """The folder that P2P_DESKTOP_HOME names."""
    home = tmp_path_factory.mktemp("p2p-home")
    monkeypatch.setenv("P2P_DESKTOP_HOME", str(home))
    return home
