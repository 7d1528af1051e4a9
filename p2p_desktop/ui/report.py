"""What to send to whoever helps: versions, what the doctor found, what went wrong, the last lines of the log."""

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.contract.version import __version__

_LAST_LOG_BYTES = 64 << 10
_LAST_LOG_LINES = 40
_LAST_ERRORS = 3


def make_report(findings: Sequence[dict[str, Any]], errors: Sequence[str], log: Path) -> str:  # Any: JSON
    """Plain text. findings: as the doctor prints them, in the order of the report; errors: tracebacks; log: the file.

    The home folder is left out: its name is often the person's.
    """
    lines = [f"P2P Desktop {__version__}, Python {platform.python_version()}, {platform.platform()}", ""]
    lines += [_line(finding) for finding in findings] or ["This computer was not checked."]
    for error in errors[-_LAST_ERRORS:]:
        lines += ["", error.rstrip()]
    lines += ["", *_last_lines(log)]
    return without_home("\n".join(lines) + "\n")


def without_home(text: str) -> str:
    """The same text with ~ for the person's home folder, however it is spelt."""
    try:
        home = Path.home()
    except RuntimeError:
        return text
    spellings = set()
    for path in (home, Path(os.path.realpath(home))):
        if path != Path(path.anchor):  # else there is nothing to hide
            spellings |= {str(path), path.as_posix(), str(path).replace("\\", "\\\\")}
    for spelling in sorted(spellings, key=len, reverse=True):
        text = re.sub(re.escape(spelling) + r"(?![\w.-])", "~", text, flags=re.IGNORECASE if os.name == "nt" else 0)
    return text


def _line(finding: dict[str, Any]) -> str:  # Any: JSON
    words = (str(finding.get(key, "")) for key in ("message", "remedy"))
    return f"{finding.get('state', '?'):<8} {finding.get('title') or finding.get('subject', '')}: {' '.join(filter(None, words))}"


def _last_lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LAST_LOG_BYTES))
            return file.read().decode("utf-8", errors="replace").splitlines()[-_LAST_LOG_LINES:]
    except OSError:
        return []
