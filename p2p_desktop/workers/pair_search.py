"""What a folder holds to learn from, found in a thread: how many pairs, how they lie, and what a few of them look like."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from p2p_desktop.workers.errands import Errand, Errands
from training.contract.errors import P2PError, PairingError
from training.contract.pairing import Layout, PairFiles, Pairs, Wanted, find_pairs
from training.contract.progress import Report, Token

_SHOWN = 3
_SIDE = 320  # pixels of a shown picture's longer side
_MOST_PIXELS = 50_000_000  # a larger picture is not opened for a glance
_SEASONS = frozenset({"winter", "summer"})


@dataclass(frozen=True, slots=True)
class FoundPairs:
    """What was found; nothing of it was opened but what is shown."""

    layout: Layout
    num_train: int
    num_held_out: int
    """As the folders say; 0 where a part is kept back by content."""
    split_by: Literal["owner", "content"]
    sides: tuple[str, str]
    """Names of the two folders; empty where there are none."""
    lonely: tuple[Path, ...]
    ambiguous: tuple[Path, ...]
    shown: tuple[tuple[QImage, QImage | None], ...]
    """A and B of the first pairs; None for B where a pair is made of one picture."""

    @property
    def num_pairs(self) -> int:
        return self.num_train + self.num_held_out

    @property
    def are_seasons(self) -> bool:
        """Whether the two folders are called winter and summer."""
        names = [name.casefold() for name in self.sides]
        return all(any(season in name for name in names) for season in _SEASONS)


class PairSearch(QObject):
    """One search at a time; the answer to an older one is not told. A disk of the network may take its time to answer."""

    found = Signal(object)  # FoundPairs
    refused = Signal(str, str)  # a sentence, and which folder it is about: "data" or "data_b"

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._errands = Errands(self)
        self._number = 0
        self._current: Errand | None = None
        self._is_closed = False

    def look(self, folder: Path, wanted: Wanted, other: Path | None) -> None:
        """Look through a folder; `other`: that of the second pictures, if it lies elsewhere."""
        self.forget()
        if self._is_closed:
            return  # a field that loses the keyboard as it goes tells what was typed
        number = self._number

        def work(_: Report[Any], token: Token) -> tuple[int, object]:  # Any: nothing is reported
            try:
                return number, _looked(folder, wanted, other, token)
            except P2PError as error:
                about_other = other is not None and str(other) in str(error) and str(folder) not in str(error)
                return number, (str(error), "data_b" if about_other else "data")

        self._current = self._errands.run(work, "looking for pairs", self._on_looked)

    def forget(self) -> None:
        """Do not tell what is being looked for."""
        self._number += 1
        self._current = None
        self._errands.cancel()

    def close(self, until: QDeadlineTimer) -> None:
        """End, and look for nothing any more. Wait for the disk, `until` then."""
        self._is_closed = True
        self.forget()
        self._errands.close(until)

    def _on_looked(self, answer: tuple[int, object] | None) -> None:
        if answer is None:
            if self._current is not None and self.sender() is self._current:  # neither cancelled nor explained
                self.refused.emit(self.tr("The folder could not be looked through. The log says why."), "data")
            return
        number, result = answer
        if number != self._number:
            return
        if isinstance(result, FoundPairs):
            self.found.emit(result)
        elif isinstance(result, tuple):
            self.refused.emit(*result)


def _looked(folder: Path, wanted: Wanted, other: Path | None, token: Token) -> FoundPairs:
    """Called in the worker thread. Raises PairingError, Cancelled."""
    for one in (folder, *([other] if other is not None else [])):
        _check(one)
    pairs = find_pairs(folder, wanted, other=other)
    token.check()
    every = (*pairs.train, *pairs.held_out)
    if not every:
        raise PairingError(_why_nothing(folder, pairs))
    if len(every) == 1 or (pairs.split_by == "owner" and not (pairs.train and pairs.held_out)):
        raise PairingError(_why_few(folder, pairs))
    shown = []
    for files in every[:_SHOWN]:
        token.check()
        if (pictures := _glance(files, pairs.layout)) is not None:
            shown.append(pictures)
    return FoundPairs(
        pairs.layout,
        len(pairs.train),
        len(pairs.held_out),
        pairs.split_by,
        pairs.sides,
        pairs.lonely,
        pairs.ambiguous,
        tuple(shown),
    )


def _check(folder: Path) -> None:
    """Raises PairingError for what is no folder that can be read."""
    try:
        if folder.is_file():
            raise PairingError(_tr("{name} is a file. Choose the folder that holds the pictures.").format(name=folder.name))
        if not folder.is_dir():
            words = _tr("The folder {folder} is not there. Choose another one, or connect the disk that it lies on.")
            raise PairingError(words.format(folder=folder))
        next(folder.iterdir(), None)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        words = _tr("The folder {folder} cannot be read: {reason}. Connect its disk, or choose another one.")
        raise PairingError(words.format(folder=folder, reason=reason)) from error


def _why_nothing(folder: Path, pairs: Pairs) -> str:
    if pairs.lonely:
        return _tr("No picture in {folder} has a partner: the two pictures of a pair need the same name.").format(folder=folder)
    return _tr("There are no pictures in {folder}. Choose the folder that holds them.").format(folder=folder)


def _why_few(folder: Path, pairs: Pairs) -> str:
    if pairs.split_by == "owner":
        words = _tr("{folder} has folders to train on and to measure with, but one of them is empty. Each needs a pair at least.")
        return words.format(folder=folder)
    kind = _tr("picture") if pairs.layout == "photos" else _tr("pair")
    words = _tr("There is only one {kind} in {folder}. At least two are needed: one to learn from, one to measure with.")
    return words.format(kind=kind, folder=folder)


def _glance(files: PairFiles, layout: Layout) -> tuple[QImage, QImage | None] | None:
    """The two pictures of a pair, small; None where they are of a kind that Qt cannot read."""
    first = _small(files.a, strip=layout == "strips")
    if first is None:
        return None
    if layout == "strips":
        half = first.width() // 2
        return first.copy(0, 0, half, first.height()), first.copy(first.width() - half, 0, half, first.height())
    if files.b is None:
        return first, None
    second = _small(files.b)
    return (first, second) if second is not None else None


def _small(path: Path, *, strip: bool = False) -> QImage | None:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > _MOST_PIXELS:
        return None
    most = QSize(_SIDE * 2 if strip else _SIDE, _SIDE)
    if size.width() > most.width() or size.height() > most.height():
        reader.setScaledSize(size.scaled(most, Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    return None if picture.isNull() else picture


def _tr(text: str) -> str:
    return QCoreApplication.translate("PairSearch", text)
