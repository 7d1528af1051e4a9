"""How the results in Convert's list were made, and what they were while all of them are being made once more."""

from copy import copy

from p2p_desktop.ui.queue_model import QueueModel
from p2p_desktop.ui.queue_row import Row
from p2p_desktop.ui.wishes import Wishes


class MadeResults:
    """Keeps one `Wishes` a row that has a result, and the few different ones together: asked at every look at the list."""

    def __init__(self, queue: QueueModel) -> None:
        self._queue = queue
        self._ways: list[Wishes] = []
        self._before: list[tuple[Row, Row]] = []  # rows, and copies of what they were, until something new is made

    def differ_from(self, wishes: Wishes) -> bool:
        """Tell whether any result was made otherwise than is wished."""
        return any(not wishes.make_the_same(made) for made in self._ways)

    def num_otherwise(self, wishes: Wishes) -> int:
        """How many were made otherwise."""
        ways = (row.made_with for row in self._queue.ended())
        return sum(made is not None and not made.make_the_same(wishes) for made in ways)

    def note(self, row: Row, wishes: Wishes) -> None:
        """A picture's result is there, made so."""
        if self._before:  # the new ones take the place of those that were
            self._before, self._ways = [], []
        row.made_with = wishes
        if wishes not in self._ways:
            self._ways.append(wishes)

    def survey(self) -> None:
        """Rows were taken off the list, or put back."""
        self._ways = list(dict.fromkeys(row.made_with for row in self._queue.ended() if row.made_with is not None))

    def wait_again(self) -> None:
        """Let every picture wait, and remember what it was."""
        self._before = [(row, copy(row)) for row in self._queue.ended()]
        self._queue.wait_again()

    def take_back(self) -> None:
        """Nothing came of making them once more: what was done is done."""
        before, self._before = self._before, []
        if before:
            self._queue.take_back(before)
            self.survey()

    def forget(self) -> None:
        self._ways, self._before = [], []
