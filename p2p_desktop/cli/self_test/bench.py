"""Where the self-test takes place: one temporary folder, children that get so much time, and nobody on the network."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.limited_child import Ended, Hear, run_limited
from p2p_desktop.network_guard import FORBID_VARIABLE, NetworkGuard
from p2p_desktop.paths import HOME_VARIABLE

LIMIT_S = 180.0  # for one child; all together take a third of it on two slow cores
AGAIN = "Install the program again."
LATER = "Try again while the computer has less to do. If that does not help, install the program again."
ROOM = "Free some space on the disk, and try again."
_CI_VARIABLES = ("CI", "TF_BUILD", "JENKINS_URL")  # where one is set, telemetry keeps still that would speak on a person's computer


@dataclass(slots=True)
class Bench:
    """Where the tests take place."""

    folder: Path
    network: Path
    """What the guards of all processes write into."""
    limit_s: float = LIMIT_S
    num_well: int = field(default=1, init=False)
    """Processes that have to be in that file: this one, and the children that ended well."""

    @property
    def cache(self) -> Path:
        return self.folder / "home" / "cache"

    def run(self, name: str, command: Sequence[str], hear: Hear | None = None) -> Ended:
        """Run a child in a folder and a home of the bench."""
        folder = self.folder / name
        folder.mkdir()
        platform = os.environ.get("QT_QPA_PLATFORM") or "offscreen"
        environment: Mapping[str, str | None] = {
            HOME_VARIABLE: str(self.folder / "home"),
            FORBID_VARIABLE: str(self.network),
            "QT_QPA_PLATFORM": platform,
        }
        # Not in its own folder: processes speak to each other by sockets there, whose paths must be short.
        ended = run_limited(command, folder, self.folder, environment, self.limit_s, hear)
        self.num_well += not ended.complaint
        return ended


@contextlib.contextmanager
def open_bench() -> Iterator[Bench]:
    """A folder that is removed at the end; until then this process is kept off the network. Raises OSError."""
    were_set = {name: os.environ.pop(name) for name in _CI_VARIABLES if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="p2p-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        guard = NetworkGuard(folder / "network.jsonl")
        try:
            yield Bench(folder, folder / "network.jsonl")
        finally:
            guard.lift()
            os.environ.update(were_set)


def broken(part: str, title: str, message: str, remedy: str = AGAIN) -> Finding:
    """What is told of a part that does not work."""
    return Finding(f"test {part}", "failed", title, message, remedy)


def remedy_after(ended: Ended) -> str:
    """What may help where a child has not ended well."""
    if ended.is_late:
        return LATER
    return ROOM if "No space left on device" in ended.words else AGAIN
