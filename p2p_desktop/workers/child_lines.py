"""The JSON lines of a child process, read in a worker thread and cut off from the GUI thread."""

import subprocess
from collections.abc import Generator, Sequence
from typing import Any

from p2p_desktop import child
from training.contract.progress import Token

_ENDING_S = 5  # a child that has said all still closes OpenVINO


class ChildLines:
    """One child. Knows of no QObject, so that the work that reads it keeps none alive."""

    def __init__(self) -> None:
        self.exit_code = 0
        """Once all was read; 0 for a child that has said all and does not end."""
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, command: Sequence[str], token: Token) -> Generator[dict[str, Any], None, None]:  # Any: JSON
        """Start the child, and give what it prints. It is ended when nobody reads on. Raises OSError, Cancelled."""
        process = self._process = child.start(command, stderr=subprocess.DEVNULL)
        try:
            token.check()  # `kill` may have come before there was a process to end
            yield from child.json_lines(process)
            token.check()
            self.exit_code = process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process = None
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def kill(self) -> None:
        """End the child, which ends the reading. Called in the GUI thread, after cancelling the token."""
        process = self._process
        if process is not None:
            process.kill()
