"""The pictures of Convert as a table: what they are called, how large they are, what has become of them. Quick with 50,000 rows."""

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from p2p_desktop.ui.plain_words import exact_duration
from p2p_desktop.ui.queue_row import IS_AHEAD, STATES, Row, State, Tally, label_of

Filter = Literal["all", "waiting", "done", "failed"]
NAME, SIZE, STATE, TIME = range(4)
ROW_ROLE = Qt.ItemDataRole.UserRole  # the Row itself, for the delegate

_PASSES: dict[Filter, frozenset[State]] = {
    "all": frozenset(STATES),
    "waiting": IS_AHEAD,
    "done": frozenset(("done", "skipped")),
    "failed": frozenset(("failed",)),
}
_MANY = 2000  # changes, beyond which the list is shown as a new one
_FEW = 64  # changes that are shown one by one; more of them are shown as a new list
_FEW_SORTED = 3  # as above, where the place of each has to be looked for
_ORDER: dict[State, int] = {"working": 0, "failed": 1, "waiting": 2, "done": 3, "skipped": 4}

Index = QModelIndex | QPersistentModelIndex


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
        self.searched = ""  # the same as it was typed, for sentences about it
        self._folders_found: set[Path] = set()  # that the search matches
        self._sorted_by: tuple[int, Qt.SortOrder] | None = None
        self._next_number = 0
        self._working: dict[Row, None] = {}
        self._folders: dict[Path, Path] = {}  # one object for equal folders
        self.tally = Tally()

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
            words = [row.name, self.state_words(row.state), row.why if row.state == "failed" else "", row.size_words()]
            return ", ".join(filter(None, words))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._time_words() if index.column() == TIME and row.seconds else f"{row.path}\n{row.why}".strip()
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
        if role == Qt.ItemDataRole.ToolTipRole and section == TIME:
            return self._time_words()
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; -1: as they came in."""
        self._sorted_by = None if column < 0 else (column, order)
        self._show_anew()

    # --- what is in the list

    @property
    def counts(self) -> dict[State, int]:
        """How many rows there are of each state."""
        return self.tally.counts

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
        """In the order in which they came."""
        return [row for row in self._rows if row.state == state]

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
                self.tally.add(row)
                new.append(row)
        if not new:
            return new
        self._rows.extend(new)
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

    def take_listing(self, batches: Sequence[Any]) -> list[Row]:  # Any: batches of convert.plan and convert.looking
        """Take what a walk over folders and a look at headers told. Return the rows that it was about, new or not."""
        from p2p_desktop.convert.looking import Measured, Unreadable  # imported by whoever told
        from p2p_desktop.convert.plan import FoundPicture, Unlooked

        met: list[Row] = []
        changed: list[Row] = []
        for batch in batches:
            places = [(one.folder, one.name) for one in batch if isinstance(one, FoundPicture)]
            self.add(places)
            met.extend(self._by_path[place] for place in places)
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
        return met + changed

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

    def wait_again(self, rows: Iterable[Row] | None = None) -> None:
        """Let pictures wait for another conversion: these, or all but what is worked on."""
        changed = [row for row in (self._rows if rows is None else rows) if row.state not in IS_AHEAD]
        for row in changed:
            self._become(row, "waiting")
            row.reason, row.output, row.seconds, row.made_with = "", None, 0.0, None
        self._show_changes(changed)

    def forget_sizes(self, rows: Iterable[Row]) -> None:
        """The files may be others now: what could not be learnt of their sizes is asked for again."""
        for row in rows:
            if not row.height:
                row.num_bytes = -1

    def ended(self) -> list[Row]:
        """What is done, was done already or has failed."""
        return [row for row in self._rows if row.state not in IS_AHEAD]

    def take_back(self, before: Iterable[tuple[Row, Row]]) -> None:
        """Pictures that were to be made again, and wait still, are as they were: (row, its copy of then)."""
        changed = []
        for row, then in before:
            if row.state == "waiting" and self._holds(row):
                self._become(row, then.state)
                row.reason, row.output, row.seconds, row.made_with = then.reason, then.output, then.seconds, then.made_with
                changed.append(row)
        self._show_changes(changed)

    def nothing_works(self) -> None:
        """A conversion has ended: what it was at waits."""
        if self.counts["working"]:
            changed = self.rows_at_work()
            for row in changed:
                self._become(row, "waiting")
            self._show_changes(changed)

    def fail_waiting(self, rows: Iterable[Row], reason: str) -> None:
        """Give up those of the rows that wait: nobody will convert them."""
        changed = [row for row in rows if row.state == "waiting" and self._holds(row)]
        for row in changed:
            self._become(row, "failed")
            row.reason = reason
        self._show_changes(changed)

    def remove(self, rows: Iterable[Row]) -> None:
        """Take pictures off the list, but for what is worked on."""
        gone = {row for row in rows if row.state != "working" and self._holds(row)}
        for row in gone:
            del self._by_path[row.folder, row.name]
            self.tally.remove(row)
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
        self.tally = Tally()
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
        self.searched = text.strip()
        text = self.searched.casefold()
        if text != self._search:
            self._search = text
            self._folders_found = {folder for folder in self._folders if text in label_of(folder).casefold()} if text else set()
            self._show_anew()

    def mean_megapixels(self) -> float | None:
        """Of the pictures whose size is known; None if it is of none."""
        return self.tally.known_megapixels / self.tally.num_measured if self.tally.num_measured else None

    def _holds(self, row: Row) -> bool:
        """Tell whether a row is still in the list."""
        return self._by_path.get((row.folder, row.name)) is row

    def _text(self, row: Row, column: int) -> str:
        if column == NAME:
            return row.name
        if column == SIZE:
            return row.size_words()
        if column == STATE:
            return row.why if row.state == "failed" else self.state_words(row.state)
        return exact_duration(row.seconds) if row.seconds else ""

    def _time_words(self) -> str:
        return self.tr(
            "How long this picture was read, converted and saved. Waiting is left out.\n"
            "Several are worked on at once, so that together they take less time than the sum of these."
        )

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
        if len(changed) > _MANY:  # finding the place of each would take longer than making the list anew
            self._show_anew()
            if self._shown:
                self.dataChanged.emit(self.index(0, NAME), self.index(len(self._shown) - 1, TIME))
        else:
            self._show_few(changed)
        self.counts_changed.emit()

    def _show_few(self, changed: Sequence[Row]) -> None:
        coming = [row for row in changed if self._passes(row) != (self._place_of(row) is not None)]
        if len(coming) > (_FEW if self._sorted_by is None else _FEW_SORTED):
            self._show_anew()
        else:
            for row in dict.fromkeys(coming):
                self._move_in_or_out(row)
        places = [place for row in changed if (place := self._place_of(row)) is not None]
        if places:
            self.dataChanged.emit(self.index(min(places), NAME), self.index(max(places), TIME))

    def _move_in_or_out(self, row: Row) -> None:
        place = self._place_of(row)
        if place is not None and not self._passes(row):
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._shown[place]
            self._places = None
            self.endRemoveRows()
        elif place is None and self._passes(row):
            place = self._place_for(row)
            self.beginInsertRows(QModelIndex(), place, place)
            self._shown.insert(place, row)
            self._places = None
            self.endInsertRows()

    def _place_for(self, row: Row) -> int:
        """Where a row belongs that is not shown yet."""
        if self._sorted_by is None:
            return bisect_left(self._shown, row.number, key=lambda one: one.number)
        column, order = self._sorted_by
        comes_first = operator.gt if order == Qt.SortOrder.AscendingOrder else operator.lt
        key = _SORT_KEYS[column]
        own = key(row)
        return bisect_left(range(len(self._shown)), True, key=lambda place: comes_first(key(self._shown[place]), own))

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
        self.tally.remove(row)
        row.state = state
        self.tally.add(row)
        if state == "working":
            self._working[row] = None
        else:
            self._working.pop(row, None)

    def _set_size(self, row: Row, height: int, width: int, num_bytes: int) -> None:
        self.tally.remove(row)
        row.height, row.width, row.num_bytes = height, width, num_bytes
        self.tally.add(row)


_SORT_KEYS: dict[int, Callable[[Row], Any]] = {  # Any: whatever can be compared
    NAME: lambda row: (row.order, row.number),
    SIZE: lambda row: (row.height * row.width, row.num_bytes),
    STATE: lambda row: _ORDER[row.state],
    TIME: lambda row: row.seconds,
}
