"""What the steps of a build share: what is built, where, and what is said about it."""

import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Variant = Literal["cpu", "cuda"]

_MACHINES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
_SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_LAST_LINES = 30  # of a tool that failed


class BuildError(Exception):
    """A build that cannot go on, as a sentence for whoever builds."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build of one version for this computer's system."""

    root: Path
    """The checkout."""
    output: Path
    """Where packages go."""
    version: str
    variant: Variant
    log: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Three numbers of the version, for systems that know no others: (0, 2, 0) of "0.2.0rc1"."""
        return tuple(int(number) for number in re.findall(r"\d+", self.version)[:3])

    @property
    def work(self) -> Path:
        """Intermediate files."""
        return self.root / "build" / "installer"

    @property
    def frozen(self) -> Path:
        """The frozen program: what is packed. On macOS it is the application's folder `Contents/MacOS`."""
        if sys.platform == "darwin":
            return self.work / "P2P Desktop.app" / "Contents" / "MacOS"
        return self.work / "p2p-desktop"

    @property
    def packed(self) -> Path:
        """The folder that holds everything which people get."""
        return self.frozen.parent if sys.platform == "darwin" else self.frozen

    @property
    def installers(self) -> Path:
        """Descriptions of packages, beside this file."""
        return self.root / "resources" / "installer"

    @property
    def label(self) -> str:
        """What files of this build are called, without their ending."""
        system = _SYSTEMS.get(sys.platform, sys.platform)
        machine = platform.machine().lower()
        return f"p2p-desktop-{self.version}-{system}-{_MACHINES.get(machine, machine)}-{self.variant}"

    def say(self, text: str) -> None:
        """Put something on the screen and into the build's log."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        self.log.append(text)

    def write_log(self) -> None:
        (self.output / f"{self.label}.log").write_text("\n".join(self.log) + "\n", encoding="utf-8")


def run(command: Sequence[str | Path], *, log: Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
    """Run a tool whose words go to the file `log`. Raises BuildError with its last ones where it is missing or fails."""
    words = [str(word) for word in command]
    try:
        with log.open("wb") as opened:
            code = subprocess.run(words, stdout=opened, stderr=subprocess.STDOUT, cwd=cwd, env=environment, check=False).returncode
    except OSError as error:
        raise BuildError(f"{words[0]} cannot be run: {error.strerror}. It is needed to build on this system.") from error
    if code:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
        raise BuildError(f"{Path(words[0]).name} failed with code {code}. All of its words are in {log}; the last ones:\n{last}")
