"""Which sources Convert was given, and where the results of each go: beside it, into one folder, or where its drop said."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from p2p_desktop.ui.wishes import Wishes
from p2p_desktop.workers.errands import Errand, Errands
from training.contract.progress import Report, Token

if TYPE_CHECKING:  # it imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.request import Part

    _Located = tuple[tuple[Path, ...], tuple[Part, ...], frozenset[Path]]


class ResultPlaces(QObject):
    known = Signal(list)  # of Path: the folders that results would go to now
    missed = Signal(list)  # of Path: new sources that are not there

    def __init__(self, errands: Errands, word_for: Callable[[Wishes], str], parent: QObject | None = None) -> None:
        """`word_for` names results: "sharp"."""
        super().__init__(parent)
        self._errands, self._word_for = errands, word_for
        self._wishes = Wishes()
        self._sources: dict[Path, None] = {}  # in the order in which they came
        self._own: list[Part] = []  # with output folders that hold whatever is wished
        self._others: tuple[Path, ...] = ()  # the sources that go where the wishes say
        self._beside: tuple[Part, ...] = ()  # where they go if that is no folder
        self._missing: frozenset[Path] = frozenset()  # sources that were not there when the disk was asked last
        self._asked: set[Path] = set()  # sources that the disk was asked for at least once
        self._locating: Errand | None = None
        self._then: Callable[[], object] | None = None

    @property
    def is_looking(self) -> bool:
        """Tell whether the disk is being asked where results can go; nothing may begin until then."""
        return self._locating is not None

    @property
    def parts(self) -> "tuple[Part, ...]":
        """What goes where."""
        from p2p_desktop.convert.request import Part

        if self._wishes.output:
            chosen = (Part(self._others, Path(self._wishes.output)),) if self._others else ()
            return (*chosen, *self._own)
        return (*self._beside, *self._own)

    def folders_of(self, parts: "Iterable[Part]") -> list[Path]:
        """The folders that results go to, each once; nothing comes of a part whose sources are all missing."""
        return list(dict.fromkeys(part.out for part in parts if not self._missing.issuperset(part.sources)))

    def add(self, sources: Iterable[Path], own: "Iterable[Part]" = ()) -> None:
        """Take sources; those of the parts `own`, and what lies within them, have places of their own."""
        self._sources |= dict.fromkeys(sources)
        self._own += own
        self._locate()

    def disown(self, parts: "Iterable[Part]") -> None:
        """Let sources go where the others go."""
        gone = tuple(parts)
        self._own = [part for part in self._own if part not in gone]
        self._locate()

    def follow(self, wishes: Wishes) -> None:
        """Results shall go where these say."""
        changed = _of_places(wishes) != _of_places(self._wishes)
        self._wishes = wishes
        if changed:
            self._locate()

    def forget(self) -> None:
        """There are no sources."""
        self._sources.clear()
        self._own.clear()
        self._others, self._beside, self._then = (), (), None
        self._missing = frozenset()
        self._asked.clear()
        self._locating = None  # an answer that is under way is about what is forgotten
        self.known.emit([])

    def when_known(self, act: "Callable[[], object] | None") -> None:
        """Call this once the disk has answered, instead of what was to be called before; None: nothing."""
        self._then = act

    def _locate(self) -> None:
        """Find out which sources go where if nobody chooses a folder: a look at the disk."""
        sources, own = tuple(self._sources), tuple(self._own)
        word, recurse = self._word_for(self._wishes), self._wishes.recurse

        def work(_: Report[Any], token: Token) -> "_Located":  # Any: nothing is reported
            from p2p_desktop.convert.destinations import beside
            from p2p_desktop.convert.walk import Cover

            token.check()
            owned = {source for part in own for source in part.sources}
            cover = Cover(owned, recurse=recurse)
            others = tuple(source for source in sources if source not in owned and cover.over(source) is None)
            return others, beside(others, word, recurse=recurse), frozenset(filter(_is_missing, sources))

        self._locating = self._errands.run(work, "locating", self._on_located)

    def _on_located(self, located: "_Located | None") -> None:
        if self.sender() is not self._locating:
            return  # an older question
        self._locating = None
        if located is not None:
            self._others, self._beside, self._missing = located
            self.known.emit(self.folders_of(self.parts))
            missed = sorted(self._missing - self._asked)
            self._asked.update(self._sources)
            if missed:
                self.missed.emit(missed)
        act, self._then = self._then, None
        if act is not None:
            act()


def _is_missing(source: Path) -> bool:
    """Called in the worker thread."""
    try:
        source.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it is there, and its row will say what is wrong with it
        return False
    return False


def _of_places(wishes: Wishes) -> tuple[object, ...]:
    """What decides where results go."""
    return wishes.model, wishes.output, wishes.recurse
