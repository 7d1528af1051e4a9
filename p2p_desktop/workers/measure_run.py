"""`p2p-desktop evaluate` as a child: one model on one folder of pictures, and what is remembered of it."""

import contextlib
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtGui import QImage

from p2p_desktop import child
from p2p_desktop.workers.child_lines import ChildLines
from p2p_desktop.workers.child_run import ChildRun
from training.contract.errors import ModelError, P2PError, PairingError, PictureError
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # NumPy; the first paint does not wait for it
    from p2p_desktop.models.measured import Measured

log = logging.getLogger(__name__)

_USUAL_CODES = (0, 3)  # 3: with findings, as damaged pictures are
_UNTOUCHED = "sharp"
"""The kind of pictures that want no change: doing nothing is perfect there, so in the mean it would hide what a model can do."""
_TRAINED_ON_ALL = "trained_on_all"
_ERROR = "\nError: "  # what a command's last words begin with
_LAST_WORDS = 4000  # bytes of what a child says when something goes wrong

_retired: set["MeasureRun"] = set()  # whose threads have not left yet


@dataclass(frozen=True, slots=True)
class Examined:
    """How it went."""

    measured: "Measured"
    kinds: dict[str, Any]  # Any: JSON
    """As `evaluate --json` tells them."""
    warnings: tuple[str, ...]
    sheet: bytes
    """A PNG file; empty if none was drawn."""
    picture: QImage
    """The same, to be shown; a null image if there is none."""


class MeasureRun(ChildRun):
    """One measurement at a time. `finished` gives what was Examined."""

    progressed = Signal(int, int)  # test pictures done, and all of them

    def __init__(
        self, remembered: Path, device: str = "auto", parent: QObject | None = None, *, command: Sequence[str] | None = None
    ) -> None:
        """`remembered`: folder of measurements. `command` stands in for the child, and gets the same options."""
        super().__init__(parent)
        self._remembered, self._device = remembered, device
        self._command = list(command or child.own_command("evaluate"))

    def start(self, model: Path, folder: Path) -> None:
        """Measure a model file on the pictures of a folder, unless something is being measured."""
        if self._thread is not None:
            return
        lines = ChildLines()
        command = [*self._command, "-m", str(model), "--data", str(folder), "--device", self._device, "--json"]
        remembered = self._remembered

        def work(report: Report[Any], token: Token) -> Examined:  # Any: pairs of numbers
            return _measure(command, lines, model, folder, remembered, report, token)

        self._begin(work, "measuring a model", lines)

    def retire(self) -> None:
        """End the child without anybody waiting for it: this outlives its owner until its thread has left."""
        self.cancel()
        if self._thread is None:
            self.deleteLater()
        elif self not in _retired:
            self.setParent(None)
            _retired.add(self)

    def _tell(self, reported: Any) -> None:  # Any: a pair of numbers
        self.progressed.emit(*reported)

    def _sentence(self, error: Exception) -> str:
        known = isinstance(error, P2PError)
        return str(error) if known else self.tr("The model could not be measured. Try again; the log says what happened.")

    def _end(self) -> None:
        super()._end()
        if self in _retired:
            _retired.discard(self)
            self.deleteLater()


def save_sheet(sheet: bytes, path: Path) -> None:
    """Write a sheet, whole or not at all. Raises PictureError. Called in a worker thread."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(sheet)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        words = _tr("The sheet could not be written to {path}: {reason}.")
        raise PictureError(words.format(path=path, reason=error.strerror or error)) from error


def _measure(
    command: Sequence[str], lines: ChildLines, model: Path, folder: Path, remembered: Path, report: Report[Any], token: Token
) -> Examined:  # Any: pairs of numbers
    """Called in the worker thread. Raises P2PError, OSError, Cancelled."""
    from p2p_desktop.models.measured import Measurements

    _check_folder(folder)
    digest, num_bytes = _digest(model), model.stat().st_size
    warnings: list[dict[str, Any]] = []  # Any: JSON
    result: dict[str, Any] | None = None  # Any: JSON
    failure = ""
    with tempfile.TemporaryDirectory(prefix="p2p-measure-", ignore_cleanup_errors=True) as temporary:
        sheet, words = Path(temporary) / "sheet.png", Path(temporary) / "words"
        with words.open("wb") as stderr:
            for line in lines.read([*command, "--sheet", str(sheet)], token, stderr=stderr, temporary=Path(temporary)):
                match line.get("type"):
                    case "progress":
                        report((int(line["done"]), int(line["total"])))
                    case "warning":
                        log.warning("measuring %s: %s", model, line.get("message"))
                        warnings.append(line)
                    case "result":
                        result = line["data"]
                    case "failed":
                        failure = str(line["message"])
        said = _sentence(words)
        drawn = sheet.read_bytes() if sheet.is_file() else b""
    token.check()
    if failure or result is None or lines.exit_code not in _USUAL_CODES:
        log.error("measuring %s on %s ended with %d: %s", model, folder, lines.exit_code, failure or said)
        raise ModelError(failure or said or _no_words())
    if _digest(model, digest) != digest:
        raise ModelError(_tr("The file of the model was changed while it was measured. Measure it again."))
    measured = _summary(result, digest, num_bytes, folder, any(line.get("code") == _TRAINED_ON_ALL for line in warnings))
    told = [str(line.get("message", "")) for line in warnings]
    try:
        Measurements(remembered).keep(measured)
    except ModelError as error:  # the person sees the numbers all the same
        log.warning("%s", error)
        told.append(str(error))
    return Examined(measured, result["kinds"], tuple(told), drawn, QImage.fromData(drawn))


def _check_folder(folder: Path) -> None:
    """Raises PairingError for what is no folder: a file may have been dropped."""
    if folder.is_file():
        raise PairingError(_tr("{name} is a file. Choose the folder that holds the pictures.").format(name=folder.name))


def _digest(model: Path, if_gone: str = "") -> str:
    """Of the file as it is now. Raises ModelError; with `if_gone`, that is given for a file that was moved or removed."""
    from training.contract.model_file import file_digest

    return if_gone if if_gone and not model.exists() else file_digest(model)


def _sentence(words: Path) -> str:
    """What the child said it died of, in its last words; "" if it said nothing of the kind."""
    said = "\n" + words.read_bytes()[-_LAST_WORDS:].decode("utf-8", errors="replace")
    return said.rpartition(_ERROR)[2].strip() if _ERROR in said else ""


def _no_words() -> str:
    return _tr("The model could not be measured. Try again; the log says what happened.")


def _summary(result: dict[str, Any], digest: str, num_bytes: int, folder: Path, knew_all: bool) -> "Measured":  # Any: JSON
    """What is remembered of a result: the means over all test pictures that want a change."""
    from p2p_desktop.models.measured import Measured

    rows = [row for row in result["pictures"] if row["kind"] != _UNTOUCHED] or result["pictures"]
    metrics, identity = (_means([row[side] for row in rows]) for side in ("metrics", "identity"))
    num_pictures = len({row["name"] for row in result["pictures"]})
    return Measured(digest, num_bytes, str(folder), time.time(), num_pictures, metrics, identity, knew_all)


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """Each number's mean over the pictures that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    values = {name: [float(row[name]) for row in rows if name in row] for name in names}
    return {name: sum(some) / len(some) for name, some in values.items()}


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeasureRun", text)
