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
_LONGEST_LINE = 300  # letters
_OUR_LOGGERS = ("p2p_desktop", "training", "root")
_RECORD = re.compile(r"\d{4}-\d\d-\d\d [\d:,]+ (?P<level>[A-Z]+) (?P<logger>[\w.]+): ")  # as logs.FORMAT writes them


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
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [_shortened(line) for line in _that_help(lines)[-_LAST_LOG_LINES:]]


def _that_help(lines: Sequence[str]) -> list[str]:
    """What the program said, and what others warned of: libraries tell pages about what went as it should."""
    kept, keeps = [], True
    for line in lines:
        if (record := _RECORD.match(line)) is not None:  # else it belongs to the record above it
            is_ours = record["logger"].partition(".")[0] in _OUR_LOGGERS
            keeps = is_ours or record["level"] in ("WARNING", "ERROR", "CRITICAL")
        if keeps:
            kept.append(line)
    return kept


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE] + " ..."
