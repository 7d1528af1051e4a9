"""To which job a claim or a temporary file belongs, and whether that job can still be at work."""

import platform
import secrets
import time
from dataclasses import dataclass
from hashlib import blake2b

import psutil

# How far two readings of one process's start may lie apart: they are derived from the clock, which is corrected now and then.
START_TOLERANCE_S = 2
# A process on another computer cannot be asked. What it noted this long ago is taken for abandoned.
FOREIGN_LIFE_S = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Owner:
    """One job of one process on one computer. `str()` gives a short form of hexadecimal digits and dashes."""

    host: str  # a digest of the computer's name: short, and free of characters that a file name cannot hold
    pid: int
    started: int  # Unix seconds; tells a process from a later one with the same number
    job: str  # tells apart two jobs of one process

    @classmethod
    def new(cls) -> "Owner":
        """Return the owner for a job that begins now, in this process."""
        process = psutil.Process()
        return cls(_this_host(), process.pid, int(process.create_time()), secrets.token_hex(4))

    @classmethod
    def parse(cls, text: str) -> "Owner":
        """Read what `str()` gave. ValueError if it is anything else."""
        host, pid, started, job = text.split("-")
        return cls(host, int(pid, 16), int(started, 16), job)

    def __str__(self) -> str:
        return f"{self.host}-{self.pid:x}-{self.started:x}-{self.job}"

    def lives(self, noted: float) -> bool:
        """Tell whether the process that noted something at `noted` (Unix seconds) may still be at work.

        A job that ends, however it ends short of being killed, takes its claims and temporary files along; so within a
        living process whatever is found is taken to be in use.
        """
        if self.host != _this_host():
            return time.time() - noted < FOREIGN_LIFE_S
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= START_TOLERANCE_S
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def _this_host() -> str:
    return blake2b(platform.node().encode(errors="surrogateescape"), digest_size=3).hexdigest()
