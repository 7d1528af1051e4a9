"""Brings what was dropped, pasted or opened with the program to the place that it belongs to."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QDeadlineTimer, QObject
from PySide6.QtGui import QGuiApplication

from p2p_desktop.ui.drops import Dropped, can_be_answered, dropped
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.workers.errands import Errands
from training.contract.progress import Report, Token


class Places(Protocol):
    """What is asked of the window."""

    def go_to(self, place: str) -> None: ...

    def built(self, place: str) -> Any:  # Any: classes of pages are imported late
        """The page of a place, which may not have been seen yet."""
        ...

    def is_in_front(self, place: str) -> bool: ...


class DropDesk(QObject):
    def __init__(self, places: Places, shelf: ModelShelf, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._places, self._shelf = places, shelf
        self._errands = Errands(self)

    def take(self, what: Dropped) -> None:
        if what.videos:
            self._places.built("live").watch_files(what.videos)  # first: else it would open another camera before
            self._places.go_to("live")
        if what.models:
            self._places.go_to("models")
            self._shelf.add(what.models)
        if what.foreign:
            self._places.go_to("models")
            self._places.built("models").import_files(what.foreign)
        if what.pictures:
            self._take_pictures(what.pictures)
        if what.refused:  # last: what is added takes the place of what was said before
            self._places.go_to("convert")
            self._places.built("convert").say("warning", what.refused)

    def paste(self) -> None:
        data = QGuiApplication.clipboard().mimeData()
        if data is not None and can_be_answered(data):
            self.take(dropped(data))

    def close(self, until: QDeadlineTimer) -> None:
        self._errands.close(until)

    def _take_pictures(self, paths: Sequence[Path]) -> None:
        """Pictures and folders: those of runs are opened, those dropped on Train are learned from, all others converted."""
        from training.contract.picture_names import is_picture_name  # it imports NumPy, for which the first paint does not wait

        is_for_train = self._places.is_in_front("train")
        if not is_for_train and (len(paths) > 1 or is_picture_name(paths[0].name)):
            self._convert(paths)
            return

        def look(_: Report[Any], __: Token) -> tuple[Sequence[Path], bool, bool]:  # Any: nothing is reported
            from p2p_desktop.runs.run_glance import is_run

            return paths, is_for_train, len(paths) == 1 and paths[0].is_dir() and is_run(paths[0])

        self._errands.run(look, "looking at what was dropped", self._on_looked_at)  # its disk may sleep

    def _on_looked_at(self, answer: tuple[Sequence[Path], bool, bool] | None) -> None:
        if answer is None:
            self._places.go_to("convert")
            self._places.built("convert").say("error", self.tr("What was dropped could not be looked at. The log says why."))
            return
        paths, is_for_train, is_a_run = answer
        if not is_a_run and not is_for_train:
            self._convert(paths)
            return
        self._places.go_to("train")
        page = self._places.built("train")
        if is_a_run:
            page.open_run(paths[0])
        else:
            page.take_drop(paths)

    def _convert(self, paths: Sequence[Path]) -> None:
        self._places.go_to("convert")
        self._places.built("convert").add(paths)
