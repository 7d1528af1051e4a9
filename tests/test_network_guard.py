"""A process that is kept off the network: refused, written down, and free to talk to itself. In children: what watches, stays."""

import os
import subprocess
import sys

import pytest

from p2p_desktop.network_guard import FORBID_VARIABLE, read_watched


@pytest.fixture
def guarded(tmp_path):
    """Run Python text in a child that is kept off the network; give it and what its guard wrote."""

    def run(text):
        path = tmp_path / "network"
        text = f"from p2p_desktop.network_guard import guard_if_told\nguard_if_told()\nimport socket\n{text}"
        environment = os.environ | {FORBID_VARIABLE: str(path)}
        ended = subprocess.run(
            [sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return ended, read_watched(path)

    return run


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("socket.getaddrinfo('example.org', 80)", "socket.getaddrinfo example.org, by __main__"),
        ("socket.gethostbyname('example.org')", "socket.gethostbyname example.org, by __main__"),
        ("socket.socket().connect_ex(('192.0.2.1', 80))", "socket.connect ('192.0.2.1', 80), by __main__"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", "socket.sendto ('192.0.2.1', 53), by __main__"),
        (
            "import urllib.request as r; r.urlopen('http://example.org')",
            "socket.getaddrinfo example.org, by http < urllib < __main__",
        ),
    ],
)
def test_what_leaves_the_computer_is_refused_and_written_down(guarded, text, told):
    ended, watched = guarded(text)
    assert ended.returncode != 0
    assert "The network is closed" in ended.stderr
    assert watched.attempts == (told,)


def test_what_stays_on_the_computer_is_left_alone(guarded, tmp_path):
    text = (
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(('localhost', server.getsockname()[1])).close()\n"
        "ours, theirs = socket.socketpair()\n"
        "ours.send(b'x')\n"
    )
    if hasattr(os, "fork"):
        text += (
            "import os, tempfile\nos.chdir(tempfile.mkdtemp())\nserver = socket.socket(socket.AF_UNIX)\nserver.bind('here')\n"
            "server.listen()\nsocket.socket(socket.AF_UNIX).connect('here')\n"
        )
    ended, watched = guarded(text)
    assert ended.returncode == 0, ended.stderr
    assert watched.attempts == ()
    assert len(watched.processes) == 1


def test_a_guard_that_cannot_write_does_not_let_the_process_go_on(tmp_path):
    environment = os.environ | {FORBID_VARIABLE: str(tmp_path / "nowhere" / "network")}
    ended = subprocess.run(
        [sys.executable, "-m", "p2p_desktop", "--version"], env=environment, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode != 0


def test_a_lifted_guard_refuses_nothing(tmp_path):
    text = (
        f"from pathlib import Path\nfrom p2p_desktop.network_guard import NetworkGuard\nimport socket\n"
        f"guard = NetworkGuard(Path({str(tmp_path / 'network')!r}))\nguard.lift()\n"
        "socket.gethostbyname('127.0.0.1')\nsocket.socket().connect_ex(('192.0.2.1', 0))\n"
    )
    text = text.replace("socket.socket()", "socket.socket(type=socket.SOCK_DGRAM)")
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert read_watched(tmp_path / "network").attempts == ()
