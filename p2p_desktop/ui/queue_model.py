"""The pictures of Convert as a table: what they are called, how large they are, what has become of them. Quick with 50,000 rows."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from p2p_desktop.ui.plain_words import exact_duration, size

State = Literal["waiting", "working", "done", "skipped", "failed"]
Filter = Literal["all", "waiting", "done", "failed"]
NAME, SIZE, STATE, TIME = range(4)
ROW_ROLE = Qt.ItemDataRole.UserRole  # the Row itself, for the delegate

_PASSES: dict[Filter, frozenset[State]] = {
    "all": frozenset(("waiting", "working", "done", "skipped", "failed")),
    "waiting": frozenset(("waiting", "working")),
    "done": frozenset(("done", "skipped")),
    "failed": frozenset(("failed",)),
}
_FEW = 64  # changes that are shown one by one; more of them are shown as a new list
_ORDER: dict[State, int] = {"working": 0, "failed": 1, "waiting": 2, "done": 3, "skipped": 4}

Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True, eq=False)
class Row:
    """One picture."""

    folder: Path
    name: str
    number: int  # in the order that they came in
    state: State = "waiting"
    height: int = 0  # pixels, upright; 0 while unknown
    width: int = 0
    num_bytes: int = -1  # -1 while unknown
    reason: str = ""  # why it failed or was skipped; what was lost on the way
    output: Path | None = None
    seconds: float = 0.0

    @property
    def path(self) -> Path:
        return self.folder / self.name

    @property
    def megapixels(self) -> float:
        return self.height * self.width / 1e6

    @property
    def label(self) -> str:
        """Where it lies, as far as it fits into a line: the last two folders."""
        return label_of(self.folder)

    def size_words(self) -> str:
        if self.height:
            return f"{self.width} \u00d7 {self.height}"
        return size(self.num_bytes) if self.num_bytes >= 0 else ""


@lru_cache(maxsize=4096)
def label_of(folder: Path) -> str:
    return str(Path(*folder.parts[-2:]))


class QueueModel(QAbstractTableModel):
    """Rows, of which a filter and a search show some, in the order of coming in or of a column."""

    counts_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []
        self._by_path: dict[tuple[Path, str], Row] = {}
        self._shown: list[Row] = []
        self._places: dict[Row, int] | None = {}  # of the shown rows; None while it has to be made anew
        self._filter: Filter = "all"
        self._search = ""
        self._folders_found: set[Path] = set()  # that the search matches
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None
        self._next_number = 0
        self._working: dict[Row, None] = {}
        self._folders: dict[Path, Path] = {}  # one object for equal folders
        self.counts: dict[State, int] = dict.fromkeys(_PASSES["all"], 0)
        self.known_megapixels = 0.0  # of rows whose size is known, and how many those are
        self.num_measured = 0
        self.waiting_megapixels = 0.0

    def __len__(self) -> int:
        """The number of rows, shown or not."""
        return len(self._rows)

    # --- what Qt asks

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else TIME + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # Any: Qt's variant
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row = self._shown[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.column())
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            words = [row.name, self.state_words(row.state), row.reason if row.state == "failed" else "", row.size_words()]
            return ", ".join(filter(None, words))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.path}\n{row.reason}".strip()
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # Any: as above
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            if self._filter == "failed" and section == SIZE:
                return self.tr("What went wrong")
            return (self.tr("Name"), self.tr("Size"), self.tr("State"), self.tr("Time"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == TIME else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1: as they came in."""
        self._sorted_by = None if column < 0 else (column, order)
        self._show_anew()

    # --- what is in the list

    @property
    def filter(self) -> Filter:
        return self._filter

    def row_of(self, path: Path) -> Row | None:
        return self._by_path.get((path.parent, path.name))

    def index_of(self, row: Row) -> QModelIndex:
        """Return where a row is shown; an invalid index if it is not."""
        place = self._place_of(row)
        return QModelIndex() if place is None else self.index(place, NAME)

    def rows_at_work(self) -> list[Row]:
        """The few that are being converted now."""
        return list(self._working)

    def rows(self, state: State) -> list[Row]:
        return [row for row in self._rows if row.state == state]

    def paths(self, state: State) -> list[Path]:
        return [row.path for row in self._rows if row.state == state]

    def all_paths(self) -> list[Path]:
        return [row.path for row in self._rows]

    def unmeasured(self) -> list[Row]:
        return [row for row in self._rows if row.num_bytes < 0]

    def state_words(self, state: State) -> str:
        return {
            "waiting": self.tr("Waiting"),
            "working": self.tr("Working"),
            "done": self.tr("Done"),
            "skipped": self.tr("Already done"),
            "failed": self.tr("Failed"),
        }[state]

    def add(self, found: Iterable[tuple[Path, str]]) -> list[Row]:
        """Append pictures, as (folder, name); one that is there already is left as it is. Return the new rows."""
        new = []
        for folder, name in found:
            if (folder, name) not in self._by_path:
                if self._search and folder not in self._folders and self._search in label_of(folder).casefold():
                    self._folders_found.add(folder)
                row = Row(self._folders.setdefault(folder, folder), name, self._next_number)
                self._next_number += 1
                self._by_path[row.folder, name] = row
                new.append(row)
        if not new:
            return new
        self._rows.extend(new)
        self.counts["waiting"] += len(new)
        shown = [row for row in new if self._passes(row)]
        if shown and self._sorted_by is None:
            self.beginInsertRows(QModelIndex(), len(self._shown), len(self._shown) + len(shown) - 1)
            if self._places is not None:
                self._places.update((row, place) for place, row in enumerate(shown, len(self._shown)))
            self._shown.extend(shown)
            self.endInsertRows()
        elif shown:
            self._show_anew()
        self.counts_changed.emit()
        return new

    def take_listing(self, batches: Sequence[Any]) -> None:  # Any: batches of convert.plan and convert.looking
        """Take what a walk over folders and a look at headers told."""
        from p2p_desktop.convert.looking import Measured, Unreadable  # imported by whoever told
        from p2p_desktop.convert.plan import FoundPicture, Unlooked

        changed: list[Row] = []
        for batch in batches:
            self.add((one.folder, one.name) for one in batch if isinstance(one, FoundPicture))
            for one in batch:
                match one:
                    case Unlooked(path, reason):
                        self.add([(path.parent, path.name)])
                        changed.extend(self._set_state(path, "failed", reason=reason))
                    case Measured() if (row := self.row_of(one.path)) is not None:
                        self._set_size(row, one.height, one.width, one.num_bytes)
                        changed.append(row)
                    case Unreadable() if (row := self.row_of(one.path)) is not None:
                        self._set_size(row, 0, 0, one.num_bytes)
                        if row.state == "waiting":
                            changed.extend(self._set_state(one.path, "failed", reason=one.reason))
        self._show_changes(changed)

    def take_events(self, events: Sequence[Any]) -> None:  # Any: events of convert.events
        """Take what a conversion told. Pictures that are not in the list yet are added."""
        from p2p_desktop.convert.events import PictureBegun, PictureDone

        states: dict[str, State] = {"converted": "done", "skipped": "skipped", "failed": "failed"}
        changed: list[Row] = []
        for event in events:
            if isinstance(event, PictureBegun | PictureDone) and self.row_of(event.source) is None:
                self.add([(event.source.parent, event.source.name)])
            match event:
                case PictureBegun(source):
                    changed.extend(self._set_state(source, "working"))
                case PictureDone(source, output, state, reason, seconds):
                    changed.extend(self._set_state(source, states[state], reason=reason, output=output, seconds=seconds))
        self._show_changes(changed)

    def wait_again(self, paths: Iterable[Path] | None = None) -> None:
        """Let pictures wait for another conversion: these, or all."""
        rows = list(self._rows) if paths is None else [row for path in paths if (row := self.row_of(path)) is not None]
        changed = [row for row in rows if row.state != "waiting"]
        for row in changed:
            self._become(row, "waiting")
            row.reason, row.output, row.seconds = "", None, 0.0
        self._show_changes(changed)

    def forget_sizes(self, paths: Iterable[Path]) -> None:
        """The files may be others now: what was known of their sizes is asked for again."""
        for path in paths:
            row = self.row_of(path)
            if row is not None and not row.height:
                row.num_bytes = -1

    def nothing_works(self) -> None:
        """A conversion has ended: what it was at waits."""
        if self.counts["working"]:
            changed = self.rows_at_work()
            for row in changed:
                self._become(row, "waiting")
            self._show_changes(changed)

    def fail_waiting(self, rows: Iterable[Row], reason: str) -> None:
        """Give up those of the rows that wait: nobody will convert them."""
        changed = [row for row in rows if row.state == "waiting" and self.row_of(row.path) is row]
        for row in changed:
            self._become(row, "failed")
            row.reason = reason
        self._show_changes(changed)

    def remove(self, paths: Iterable[Path]) -> None:
        """Take pictures off the list."""
        gone = {row for path in paths if (row := self.row_of(path)) is not None and row.state != "working"}
        for row in gone:
            del self._by_path[row.folder, row.name]
            self._count(row, -1)
            self._count_size(row, -1)
        self._rows = [row for row in self._rows if row not in gone]
        self._show_anew()
        self.counts_changed.emit()

    def clear(self) -> None:
        self.beginResetModel()
        self._rows.clear()
        self._by_path.clear()
        self._shown.clear()
        self._folders.clear()
        self._working.clear()
        self._places = {}
        self.counts = dict.fromkeys(self.counts, 0)
        self.known_megapixels, self.num_measured, self.waiting_megapixels = 0.0, 0, 0.0
        self.endResetModel()
        self.counts_changed.emit()

    # --- what is shown of it

    def show_only(self, which: Filter) -> None:
        if which != self._filter:
            self._filter = which
            self._show_anew()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, NAME, TIME)

    def search(self, text: str) -> None:
        """Show pictures with this in their name or folder, whatever its case."""
        text = text.strip().casefold()
        if text != self._search:
            self._search = text
            self._folders_found = {folder for folder in self._folders if text in label_of(folder).casefold()} if text else set()
            self._show_anew()

    def ended_fraction(self) -> float | None:
        """How much of the list has come to its end, 0 to 1; None if it is empty."""
        ended = self.counts["done"] + self.counts["skipped"] + self.counts["failed"]
        return ended / len(self._rows) if self._rows else None

    def mean_megapixels(self) -> float | None:
        """Of the pictures whose size is known; None if it is of none."""
        return self.known_megapixels / self.num_measured if self.num_measured else None

    def _text(self, row: Row, column: int) -> str:
        if column == NAME:
            return row.name
        if column == SIZE:
            return row.size_words()
        if column == STATE:
            return row.reason if row.state == "failed" else self.state_words(row.state)
        return exact_duration(row.seconds) if row.seconds else ""

    def _passes(self, row: Row) -> bool:
        if row.state not in _PASSES[self._filter]:
            return False
        return not self._search or self._search in row.name.casefold() or row.folder in self._folders_found

    def _show_anew(self) -> None:
        """Work out what is shown from the beginning. What is selected stays selected."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [self._shown[index.row()] for index in before]
        self._shown = [row for row in self._rows if self._passes(row)]
        if self._sorted_by is not None:
            column, order = self._sorted_by
            self._shown.sort(key=_SORT_KEYS[column], reverse=order == Qt.SortOrder.DescendingOrder)
        self._places = None
        places = (self._place_of(row) for row in kept)
        after = [
            QModelIndex() if place is None else self.index(place, old.column()) for old, place in zip(before, places, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _show_changes(self, changed: Sequence[Row]) -> None:
        if not changed:
            return
        coming = [row for row in changed if self._passes(row) != (self._place_of(row) is not None)]
        if len(coming) > _FEW:
            self._show_anew()
        else:
            for row in dict.fromkeys(coming):
                self._move_in_or_out(row)
        places = [place for row in changed if (place := self._place_of(row)) is not None]
        if places:
            self.dataChanged.emit(self.index(min(places), NAME), self.index(max(places), TIME))
        self.counts_changed.emit()

    def _move_in_or_out(self, row: Row) -> None:
        place = self._place_of(row)
        if place is not None and not self._passes(row):
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._shown[place]
            self._places = None
            self.endRemoveRows()
        elif place is None and self._passes(row):
            if self._sorted_by is not None:
                self._show_anew()
                return
            place = bisect_left(self._shown, row.number, key=lambda one: one.number)
            self.beginInsertRows(QModelIndex(), place, place)
            self._shown.insert(place, row)
            self._places = None
            self.endInsertRows()

    def _place_of(self, row: Row) -> int | None:
        if self._sorted_by is None:  # the shown rows are in the order of their numbers
            place = bisect_left(self._shown, row.number, key=lambda one: one.number)
            return place if place < len(self._shown) and self._shown[place] is row else None
        if self._places is None:
            self._places = {one: place for place, one in enumerate(self._shown)}
        return self._places.get(row)

    def _set_state(
        self, path: Path, state: State, *, reason: str = "", output: Path | None = None, seconds: float = 0.0
    ) -> list[Row]:
        row = self.row_of(path)
        if row is None:
            return []
        self._become(row, state)
        row.reason, row.output, row.seconds = reason, output, seconds
        return [row]

    def _become(self, row: Row, state: State) -> None:
        self._count(row, -1)
        row.state = state
        self._count(row, 1)
        if state == "working":
            self._working[row] = None
        else:
            self._working.pop(row, None)

    def _count(self, row: Row, by: int) -> None:
        self.counts[row.state] += by
        if row.state in _PASSES["waiting"]:
            self.waiting_megapixels += by * row.megapixels

    def _count_size(self, row: Row, by: int) -> None:
        if row.height:
            self.known_megapixels += by * row.megapixels
            self.num_measured += by

    def _set_size(self, row: Row, height: int, width: int, num_bytes: int) -> None:
        self._count(row, -1)
        self._count_size(row, -1)
        row.height, row.width, row.num_bytes = height, width, num_bytes
        self._count(row, 1)
        self._count_size(row, 1)


_SORT_KEYS = {
    NAME: lambda row: (row.name.casefold(), row.number),
    SIZE: lambda row: (row.height * row.width, row.num_bytes),
    STATE: lambda row: _ORDER[row.state],
    TIME: lambda row: row.seconds,
}
