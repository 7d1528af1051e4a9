"""Refuses every way into the network, and writes down who tried: how the self-test proves that nothing leaves the computer.

Only what goes through Python's sockets is seen, as everything of ours and of the packages written in Python does.
"""

import contextlib
import ipaddress
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

FORBID_VARIABLE = "P2P_DESKTOP_FORBID_NETWORK"
"""Names the file that attempts are written to. Every process that begins at the program's door and finds it set keeps off the
network; from source, the workers that read pairs for the trainer do not begin there."""

_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")  # first argument: a host
_WAYS_OUT = ("socket.connect", "socket.sendto", "socket.sendmsg")  # second argument: an address; one that is a path stays here
_NOWHERE = ("", "localhost", "ip6-localhost")


@dataclass(frozen=True, slots=True)
class Watched:
    """What the processes that shared one file did."""

    processes: frozenset[int]
    """Those that were kept off the network, by number."""
    attempts: tuple[str, ...]
    """A sentence for each time that one of them wanted something of it."""


class NetworkGuard:
    """From its making on this process is refused with an OSError whatever does not stay on this computer."""

    def __init__(self, path: Path) -> None:
        """`path`: the file that attempts are added to. OSError where it cannot be written."""
        self._path = path
        self._is_lifted = False
        self._write({"watching": os.getpid()})
        sys.addaudithook(self._on_event)

    def lift(self) -> None:
        """Refuse nothing any more. What Python calls at every event cannot be taken away again, and does nothing from now on."""
        self._is_lifted = True

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:  # Any: each event has its own
        if self._is_lifted or not event.startswith("socket."):
            return
        if event in _LOOK_UPS:
            host = arguments[0]
        elif event in _WAYS_OUT and isinstance(arguments[1], tuple):
            host = arguments[1]
        else:
            return
        if _stays_here(host):
            return
        by = " < ".join(_callers(sys._getframe(1)))
        with contextlib.suppress(OSError):  # it is refused even where that cannot be written down
            self._write({"pid": os.getpid(), "event": event, "host": str(host), "by": by})
        raise OSError(f"The network is closed while the program tests itself: {event} {host!r}")

    def _write(self, line: dict[str, Any]) -> None:  # Any: JSON
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def guard_if_told() -> None:
    """Keep this process off the network if whoever started it wants that. OSError where that cannot be promised."""
    path = os.environ.get(FORBID_VARIABLE)
    if path:
        NetworkGuard(Path(path))


def read_watched(path: Path) -> Watched:
    """What guards wrote into a file. Raises OSError."""
    processes: set[int] = set()
    attempts: list[str] = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
            if "watching" in line:
                processes.add(int(line["watching"]))
            else:
                attempts.append(f"{line['event']} {line['host']}, by {line['by']}")
        except (ValueError, KeyError, TypeError):  # two processes wrote at once; half of it still is an attempt
            attempts.append(text)
    return Watched(frozenset(processes), tuple(attempts))


def _stays_here(host: object) -> bool:
    """Whether a host, or the address of one, is this computer."""
    if isinstance(host, tuple):
        host = host[0] if host else None
    if not isinstance(host, (str, bytes)):  # None, and what is no internet
        return True
    name = os.fsdecode(host)
    if name.lower() in _NOWHERE:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _callers(frame: FrameType | None) -> list[str]:
    """The packages that led to an event, the last first."""
    names: list[str] = []
    while frame is not None:
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if name and name not in ("socket", "importlib", __name__.partition(".")[0]) and name not in names:
            names.append(name)
        frame = frame.f_back
    return names or ["the program"]
