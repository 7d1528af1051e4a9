"""How pictures flow: overlapping, within their bytes, and to an end whatever happens."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from p2p_desktop.convert.events import PictureBegun, PictureDone
from p2p_desktop.convert.pipeline import Budget, Pipeline, Todo
from training.contract.errors import P2PError, PictureError
from training.contract.pictures import Metadata, Picture
from training.contract.progress import Cancelled, Token

PATIENCE_S = 20  # for threads that are sure to meet
PIXEL = Picture(np.zeros((1, 1, 3), np.uint8), None, Metadata(None, None, None), "png", ())


def done(task: int, state: str = "converted") -> PictureDone:
    return PictureDone(Path(str(task)), None, state, "", 0.0)


def ends_in(rows: list[PictureDone]) -> Callable[[PictureBegun | PictureDone], None]:
    return lambda row: rows.append(row) if isinstance(row, PictureDone) else None


@dataclass
class Line:
    """Stages that do next to nothing, or what a test wants, and note the bytes in use as the pipeline should."""

    needs: list[tuple[int, int]]
    on_read: Callable[[int], None] = lambda _: None
    on_translate: Callable[[int], None] = lambda _: None
    on_write: Callable[[int], None] = lambda _: None
    most_bytes: int = 0
    most_held: int = 0
    started: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _bytes: int = 0
    _held: int = 0

    def todos(self) -> Iterator[Todo[int] | PictureDone]:
        for task, (held, translating) in enumerate(self.needs):
            yield Todo(task, held, translating) if held >= 0 else done(task, "skipped")

    def read(self, task: int) -> Picture:
        self._count(self.needs[task][0], 1)
        self.on_read(task)
        return PIXEL

    def begun(self, task: int) -> PictureBegun:
        return PictureBegun(Path(str(task)))

    def translate(self, task: int, picture: Picture, token: Token) -> Picture:
        self.started.append(task)
        self._count(self.needs[task][1], 0)
        try:
            self.on_translate(task)
        finally:
            self._count(-self.needs[task][1], 0)
        return picture

    def write(self, task: int, picture: Picture) -> PictureDone:
        try:
            self.on_write(task)
        finally:
            self._count(-self.needs[task][0], -1)
        return done(task)

    def failed(self, task: int, error: Exception) -> PictureDone:
        return done(task, "failed")

    def _count(self, change: int, pictures: int) -> None:
        with self.lock:
            self._bytes += change
            self._held += pictures
            self.most_bytes = max(self.most_bytes, self._bytes)
            self.most_held = max(self.most_held, self._held)


def run(line: Line, *, in_flight: int = 2, budget: int = 1000, token: Token | None = None) -> list[PictureDone]:
    rows = []
    Pipeline(line, in_flight=in_flight, memory_budget=budget, token=token or Token()).run(ends_in(rows))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("convert")]
    return rows


def states(rows: list[PictureDone]) -> list[str]:
    return [row.state for row in sorted(rows, key=lambda row: int(str(row.source)))]


def test_every_picture_comes_through_about_in_order():
    rows = run(Line([(1, 1)] * 500))
    order = [int(str(row.source)) for row in rows]
    assert sorted(order) == list(range(500))
    assert sum(abs(place - task) for place, task in enumerate(order)) / 500 < 20


def test_nothing_to_do_is_no_trouble():
    assert run(Line([])) == []
    assert states(run(Line([(-1, 0)] * 3))) == ["skipped"] * 3


def test_reading_translating_and_writing_happen_at_once():
    together = threading.Barrier(3)
    line = Line([(1, 1)] * 3)
    line.on_write = lambda task: task == 0 and together.wait(PATIENCE_S)
    line.on_translate = lambda task: task == 1 and together.wait(PATIENCE_S)
    line.on_read = lambda task: task == 2 and together.wait(PATIENCE_S)
    assert states(run(line)) == ["converted"] * 3


def test_as_many_pictures_are_translated_at_once_as_the_translator_takes():
    together = threading.Barrier(3)
    line = Line([(1, 1)] * 3, on_translate=lambda _: together.wait(PATIENCE_S))
    assert states(run(line, in_flight=3)) == ["converted"] * 3


def test_bytes_in_use_stay_within_the_budget():
    sizes = np.random.default_rng(0).integers(1, 300, (300, 2)).tolist()
    line = Line([tuple(size) for size in sizes], on_translate=lambda _: time.sleep(0.0005))
    run(line, in_flight=4, budget=1000)
    assert 700 < line.most_bytes <= 1000


def test_a_picture_beyond_the_budget_goes_alone():
    line = Line([(100, 100)] * 5 + [(5000, 5000)] + [(100, 100)] * 5)
    alone = []
    line.on_translate = lambda task: task == 5 and alone.append(line._held)
    rows = run(line, budget=1000)
    assert (alone, states(rows)) == ([1], ["converted"] * 11)


def test_small_pictures_are_not_piled_up_either():
    line = Line([(0, 0)] * 300, on_write=lambda _: time.sleep(0.0005))
    run(line, in_flight=2)
    assert line.most_held <= 4 + 2 * 8


def test_a_large_picture_is_not_overtaken_for_ever():
    line = Line([(10, 10)] * 20 + [(10, 700)] + [(10, 10)] * 200, on_translate=lambda _: time.sleep(0.0005))
    run(line, in_flight=4, budget=1000)
    assert line.started.index(20) < 30


def test_a_picture_that_decodes_larger_than_foreseen_is_counted():
    budget = Budget(1000, 10)
    first = budget.admit(100, 0)
    budget.correct(first, 900)
    admitted = threading.Event()

    def admit_second() -> None:
        budget.admit(200, 0)
        admitted.set()

    thread = threading.Thread(target=admit_second)
    thread.start()
    assert not admitted.wait(0.05)
    budget.leave(first)
    assert admitted.wait(PATIENCE_S)
    thread.join()


@pytest.mark.parametrize("error", [PictureError("x"), MemoryError(), OSError(5, "x")])
@pytest.mark.parametrize("stage", ["on_read", "on_translate", "on_write"])
def test_what_befalls_one_picture_is_its_row(stage, error):
    def fail(task: int) -> None:
        if task == 7:
            raise error

    line = Line([(100, 100)] * 30)
    setattr(line, stage, fail)
    assert states(run(line)) == ["converted"] * 7 + ["failed"] + ["converted"] * 22


@pytest.mark.parametrize("error", [ZeroDivisionError("our bug"), P2PError("The disk is full."), SystemExit(1)])
@pytest.mark.parametrize("stage", ["todos", "on_read", "on_translate", "on_write"])
def test_any_other_error_ends_the_run_and_shows_where_it_came_from(stage, error):
    def break_down(task: int) -> None:
        if task == 40:
            raise error

    line = Line([(100, 100)] * 400)
    if stage == "todos":
        line.needs[40] = None  # cannot be unpacked: TypeError
        error = TypeError()
    else:
        setattr(line, stage, break_down)
    rows = []
    with pytest.raises(type(error)) as caught:
        Pipeline(line, in_flight=3, memory_budget=1000, token=Token()).run(ends_in(rows))
    assert ("todos" if stage == "todos" else "break_down") in [entry.name for entry in caught.traceback]
    assert len(rows) < 400


@pytest.mark.parametrize("stage", ["on_read", "on_translate", "on_write"])
def test_cancelling_ends_the_run(stage):
    token = Token()
    line = Line([(100, 100)] * 400)
    setattr(line, stage, lambda task: task == 40 and token.cancel())
    rows = []
    with pytest.raises(Cancelled):
        Pipeline(line, in_flight=2, memory_budget=1000, token=token).run(ends_in(rows))
    assert len(rows) < 400


def test_a_reader_of_rows_that_breaks_down_ends_the_run():
    def break_down(row: PictureDone) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        Pipeline(Line([(1, 1)] * 400), in_flight=2, memory_budget=1000, token=Token()).run(break_down)


def test_a_pause_lets_nothing_new_begin_and_loses_nothing():
    token = Token()
    line = Line([(1, 1)] * 100)
    at_pause = []

    def pause(task: int) -> None:
        if task == 10:
            token.pause()
            at_pause.append(len(line.started))
            threading.Timer(0.2, resume).start()

    def resume() -> None:
        at_pause.append(len(line.started))
        token.resume()

    line.on_translate = pause
    assert states(run(line, in_flight=1, token=token)) == ["converted"] * 100
    assert at_pause[1] == at_pause[0] == 11


def test_cancelling_ends_a_pause():
    token = Token()
    line = Line([(1, 1)] * 100)

    def pause(task: int) -> None:
        if task == 10:
            token.pause()
            threading.Timer(0.1, token.cancel).start()

    line.on_translate = pause
    with pytest.raises(Cancelled):
        run(line, token=token)


def test_an_error_ends_a_pause():
    token = Token()

    def fail_late(task: int) -> None:
        if task == 10:
            token.pause()
            time.sleep(0.1)
            raise P2PError("The disk is full.")

    with pytest.raises(P2PError):
        run(Line([(1, 1)] * 100, on_write=fail_late), token=token)
