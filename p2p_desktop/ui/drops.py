"""What was dropped on the window, sorted by the place that it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QUrl
from PySide6.QtWidgets import QWidget

MODEL_SUFFIX = ".safetensors"
FOREIGN_SUFFIXES = (".pth", ".pt")  # models of other programs
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".avi", ".webm", ".mpg", ".mpeg")
_GLANCED_AT = 100  # addresses


@dataclass(frozen=True, slots=True)
class Dropped:
    pictures: tuple[Path, ...]  # files and folders that may hold pictures; whether they do is seen when they are walked
    models: tuple[Path, ...]
    refused: str  # a sentence about what finds no place; "" if all did
    foreign: tuple[Path, ...] = ()  # models of other programs
    videos: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pictures or self.models or self.foreign or self.videos)


def where_it_goes(what: Dropped) -> str:
    """Words for what is being dragged over a page that is not its own."""
    if what.models or what.foreign:
        return QCoreApplication.translate("Drops", "Drop to add the model")
    if what.videos and not what.pictures:
        return QCoreApplication.translate("Drops", "Drop to watch it in Live")
    return QCoreApplication.translate("Drops", "Drop to convert")


def may_hold_files(data: QMimeData) -> bool:
    """Tell whether what is being dragged may find a place: asked while it is, so by its kind alone."""
    return data.hasUrls()


def can_be_answered(data: QMimeData) -> bool:
    """Tell whether something can be done about what is being dragged, be it to say why it finds no place."""
    return may_hold_files(data) or data.hasText() or data.hasImage()


def dropped(data: QMimeData) -> Dropped:
    """Sort what was dropped. Looks at names only: a network drive must not stop the window."""
    if data.hasUrls():
        return sorted_by_place([url for url in data.urls() if url.isValid()])
    return Dropped((), (), _nothing_to_open(data))


def at_a_glance(data: QMimeData) -> Dropped:
    """Sort what is only being dragged, by the first of its addresses: there may be very many, and they come over and over."""
    if not may_hold_files(data):
        return Dropped((), (), _nothing_to_open(data))
    lines = bytes(data.data("text/uri-list").data()).split(b"\r\n", _GLANCED_AT)[:_GLANCED_AT]
    return sorted_by_place([url for url in map(QUrl.fromEncoded, filter(None, lines)) if url.isValid()])


def sorted_by_place(urls: Sequence[QUrl]) -> Dropped:
    names = list(filter(None, [url.toLocalFile() for url in urls]))  # once each: there may be very many
    refused = ""
    if len(names) < len(urls):
        refused = QCoreApplication.translate(
            "Drops", "What lies on the internet is not fetched. Save the picture on this computer, then drop the file."
        )
    return sorted_by_name(names, refused)


def sorted_by_name(names: Sequence[str], refused: str = "") -> Dropped:
    pictures: list[Path] = []
    models: list[Path] = []
    foreign: list[Path] = []
    videos: list[Path] = []
    for name in names:
        folded = name.casefold()
        place = models if folded.endswith(MODEL_SUFFIX) else foreign if folded.endswith(FOREIGN_SUFFIXES) else pictures
        place = videos if folded.endswith(VIDEO_SUFFIXES) else place
        place.append(Path(name))
    return Dropped(tuple(pictures), tuple(models), refused, tuple(foreign), tuple(videos))


def _nothing_to_open(data: QMimeData) -> str:
    if data.hasImage():
        return QCoreApplication.translate(
            "Drops", "This picture comes without a file. Save it on this computer, then drop the file."
        )
    return QCoreApplication.translate("Drops", "A text cannot be converted. Drop pictures, folders or a model file.")


def leave_drops_to_window(field: QWidget) -> None:
    """Files dropped on a text field find the place that they find anywhere else; as text they would become "file:///..."."""
    field.setAcceptDrops(False)
