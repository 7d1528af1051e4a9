"""The JSON lines of a child process, read in a worker thread and cut off from the GUI thread."""

import contextlib
import subprocess
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

from p2p_desktop import child
from training.contract.progress import Token

_ENDING_S = 5  # a child that has said all still closes OpenVINO
_GONE_S = 0.5  # until what was killed has gone; where nobody buries the dead, it never does


class ChildLines:
    """One child. Knows of no QObject, so that the work that reads it keeps none alive."""

    def __init__(self) -> None:
        self.exit_code = 0
        """Once all was read; 0 for a child that has said all and does not end."""
        self._process: subprocess.Popen[bytes] | None = None
        self._below: list[psutil.Process] = []

    def read(
        self,
        command: Sequence[str],
        token: Token,
        *,
        stderr: IO[bytes] | int = subprocess.DEVNULL,
        temporary: Path | None = None,
        environment: Mapping[str, str | None] | None = None,
    ) -> Generator[dict[str, Any], None, None]:  # Any: JSON
        """Start the child, and give what it prints. It is ended when nobody reads on. Raises OSError, Cancelled.

        `temporary`: the folder for its temporary files, which nobody is left to remove if it is ended.
        `environment`: variables that it has different from ours; None: not at all.
        """
        process = self._process = child.start(command, stderr=stderr, temporary=temporary, environment=environment)
        try:
            token.check()  # `kill` may have come before there was a process to end
            yield from child.json_lines(process)
            token.check()
            self.exit_code = process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process = None
            self._kill_all(process)
            process.wait()
            psutil.wait_procs(self._below, _GONE_S)
            if process.stdout is not None:
                process.stdout.close()

    def kill(self) -> None:
        """End the child and what it started, which ends the reading. Called in the GUI thread, after cancelling the token."""
        process = self._process
        if process is not None:
            self._kill_all(process)

    def _kill_all(self, process: "subprocess.Popen[bytes]") -> None:
        """The trainer below a command would go on until its next picture is done."""
        if process.poll() is None:  # else its number may be another's by now
            with contextlib.suppress(psutil.Error):
                self._below = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        for one in self._below:
            with contextlib.suppress(psutil.Error):  # it has gone; psutil never takes another of its number for it
                one.kill()
