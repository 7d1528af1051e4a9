"""What computes on this computer, without torch in this process: asked of a child once, and remembered."""

import json
import logging
import platform
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, Signal

from p2p_desktop import child
from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.task_thread import TaskThread
from training.contract.progress import Report, Token

log = logging.getLogger(__name__)

_FORMAT_VERSION = 2


@dataclass(frozen=True, slots=True)
class Found:
    device: str  # as choose_compute takes it: "cpu", "cuda:0", "mps"
    runtime: str  # "openvino" or "torch"
    name: str = ""  # of the graphics card, as its driver says it
    reason: str = ""  # why a graphics card that is there is not used, in a few words; "" if none is, or it is used
    others: tuple[str, ...] = ()  # devices that could be chosen besides the CPU

    @property
    def words(self) -> str:
        """For the status line."""
        if self.device == "cpu":
            return _tr("CPU, OpenVINO") if self.runtime == "openvino" else _tr("CPU, PyTorch")
        return f"{self.name or _tr('Graphics card')}, {self.device.partition(':')[0].upper()}"

    @property
    def unused_gpu_reason(self) -> str:
        """For the badge in the status line; "" if there is nothing to warn of."""
        return _tr("Graphics card not used: {reason}").format(reason=self.reason) if self.reason else ""

    @property
    def choices(self) -> list[tuple[str, str]]:
        """(key, words) of what the person can choose."""
        found = [("auto", _tr("Automatic")), ("cpu", _tr("CPU"))]
        for number, key in enumerate(self.others):
            name = self.name or _tr("Graphics card")
            found.append((key, name if number == 0 else _tr("Graphics card {number}").format(number=number + 1)))
        return found


class DeviceProbe(QObject):
    """Tells at once on a computer that has no graphics card that torch could know; asks a child otherwise."""

    found = Signal(object)  # Found

    def __init__(self, cache: Path, parent: QObject | None = None, *, command: Sequence[str] | None = None) -> None:
        """`cache`: folder of the remembered answer. `command` stands in for the child, which is then asked in any case."""
        super().__init__(parent)
        self._path = cache / "device.json"
        self._command = command
        self._thread: TaskThread | None = None
        self._lines = ChildLines()
        self.last: Found | None = None

    def ask(self, *, again: bool = False) -> None:
        """Find out; `again`: even if the answer is remembered."""
        if self._thread is not None:
            return

        command, path = self._command, self._path
        lines = self._lines = ChildLines()

        def work(_: Report[Any], token: Token) -> Found:  # Any: nothing is reported
            return _find(command, path, again, lines, token)

        self._thread = TaskThread(work, "device probe", self)
        self._thread.succeeded.connect(self._on_found)
        self._thread.finished.connect(self._on_finished)
        self._thread.start()

    def close(self, until: QDeadlineTimer) -> None:
        """End the child and the thread."""
        if self._thread is not None:
            self._thread.cancel()
            self._lines.kill()
            self._thread.wait(until)
            self._thread = None

    def _on_found(self, found: Found) -> None:
        self.last = found
        self.found.emit(found)

    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.deleteLater()


def _find(command: Sequence[str] | None, path: Path, again: bool, lines: ChildLines, token: Token) -> Found:
    """Called in the worker thread."""
    from p2p_desktop.inference.graphics import has_graphics  # loads the driver's library; never in the GUI thread

    if command is None and not has_graphics():
        return Found("cpu", "openvino")
    key = _surroundings()
    remembered = None if again else _remembered(path, key)
    if remembered is not None:
        return remembered
    answer = _answer(command or child.own_command("doctor", "--device-only", "--json"), lines, token)
    if answer is None:
        return Found("cpu", "openvino")
    _remember(path, key, answer)
    return answer


def _answer(command: Sequence[str], lines: ChildLines, token: Token) -> Found | None:
    with closing(lines.read(command, token)) as said:
        for line in said:
            if line.get("type") == "compute":
                try:
                    return _found(line)
                except (KeyError, TypeError) as error:
                    log.warning("the child told nonsense of what computes here: %r", error)
                    return None
    log.warning("the child did not say what computes here")
    return None


def _remembered(path: Path, key: dict[str, str]) -> Found | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _found(data["found"]) if data["key"] == key else None
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _remember(path: Path, key: dict[str, str], found: Found) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps({"key": key, "found": asdict(found)}), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        log.warning("the device could not be remembered: %s", error)


def _found(data: dict[str, Any]) -> Found:  # Any: JSON
    """Raises KeyError, TypeError."""
    found = Found(data["device"], data["runtime"], data["name"], data["reason"], tuple(data["others"]))
    if not all(isinstance(word, str) for word in (found.device, found.runtime, found.name, found.reason, *found.others)):
        raise TypeError(f"not all words: {data}")
    return found


def _surroundings() -> dict[str, str]:
    """What the answer depends on: asked again when it changes."""
    from p2p_desktop.inference.graphics import nvidia_driver

    try:
        torch_version = version("torch")
    except PackageNotFoundError:  # a frozen program, which changes as a whole
        torch_version = ""
    system = platform.platform()
    return {"format": str(_FORMAT_VERSION), "torch": torch_version, "driver": nvidia_driver(), "system": system}


def _tr(text: str) -> str:
    return QCoreApplication.translate("DeviceProbe", text)
