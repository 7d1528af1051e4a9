"""Comparing two runs: curves over each other and what differs in plain words, followed while the runs are trained."""

import dataclasses
import shutil
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QMenu, QScrollArea, QWidget

from p2p_desktop.runs.comparison import Difference
from p2p_desktop.runs.run_glance import RunGlancer
from p2p_desktop.ui.compare_runs import CompareRuns
from p2p_desktop.ui.difference_words import fact_row, setting_row
from p2p_desktop.ui.run_comparisons import RunComparisons
from p2p_desktop.workers import run_follower
from p2p_desktop.workers.errands import Errands
from tests.deadlines import soon
from training.contract.config import TrainConfig
from training.contract.protocol import CONFIG, EVENTS, Step, event_line

RECORDED = Path(__file__).parents[1] / "data" / "run"
PATIENCE_MS = 20_000


def make_run(folder: Path, events: str = EVENTS, **changes) -> Path:
    """A recorded run with a name and settings of its own."""
    folder.mkdir()
    shutil.copyfile(RECORDED / events, folder / EVENTS)
    config = TrainConfig.from_json((RECORDED / CONFIG).read_text())
    (folder / CONFIG).write_text(dataclasses.replace(config, name=folder.name, **changes).to_json())
    return folder


def tell(run: Path, *events) -> None:
    with (run / EVENTS).open("a") as file:
        file.writelines(event_line(event, time.time()) for event in events)


class Page:
    """What asks for comparisons, and the hands on it."""

    def __init__(self, qtbot, look) -> None:
        self.qtbot, self.widget, self.said = qtbot, QWidget(), []
        self.errands = Errands(self.widget)
        self.comparisons = RunComparisons(look, None, self.errands, self.widget)
        self.comparisons.failed.connect(self.said.append)

    def compare(self, first: Path, second: Path) -> CompareRuns:
        """Choose the second in the menu of the first, and wait until both were read."""
        self.comparisons.choose_other(first, [RunGlancer(run).look() for run in (first, second)], QPoint())
        menu = self.widget.findChild(QMenu, "train_other_runs")
        (action,) = menu.actions()
        action.trigger()
        menu.close()
        self.wait(lambda: self.dialogs() != [])
        (dialog,) = self.dialogs()
        self.wait(lambda: table_of(dialog) != [])
        return dialog

    def dialogs(self) -> list[CompareRuns]:
        return [dialog for dialog in self.widget.findChildren(QDialog, "train_compare_runs") if dialog.isVisible()]

    def wait(self, condition) -> None:
        self.qtbot.waitUntil(condition, timeout=PATIENCE_MS)


@pytest.fixture
def page(qtbot, look, monkeypatch):
    monkeypatch.setattr(run_follower, "LOOK_IDLE_S", 0.05)
    page = Page(qtbot, look)
    yield page
    for dialog in page.dialogs():
        dialog.close()
    page.comparisons.close(soon())
    page.errands.close(soon())
    page.widget.deleteLater()
    QApplication.sendPostedEvents(page.widget, QEvent.Type.DeferredDelete)


def table_of(dialog: CompareRuns) -> list[list[str]]:
    """What the table says, row by row."""
    grid = dialog.findChild(QScrollArea, "train_compare_settings").widget()
    texts = [label.text() for label in grid.findChildren(QLabel)] if grid is not None else []
    return [texts[place : place + 3] for place in range(3, len(texts), 3)]


def row_of(dialog: CompareRuns, title: str) -> tuple[str, str] | None:
    return next(((first, second) for words, first, second in table_of(dialog) if words == title), None)


def test_two_runs_lie_over_each_other(page, tmp_path):
    dialog = page.compare(make_run(tmp_path / "short", "events-when-stopped.jsonl"), make_run(tmp_path / "long"))
    page.wait(lambda: len(dialog._runs[1].curves) == 150)
    dialog.losses.plot.cursor_moved.emit(100)
    said = dialog.held_out.plot.accessibleDescription()
    assert "long" in said
    assert "short" not in said  # it was stopped before
    dialog.held_out.plot.cursor_moved.emit(20)
    assert "short" in dialog.losses.plot.accessibleDescription()
    dialog.losses.choose("d_fake")
    assert len(dialog.losses.plot.lines["run 1"][0]) > len(dialog.losses.plot.lines["run 0"][0]) > 10


def test_what_differs_is_said_in_plain_words_with_what_it_does(page, tmp_path):
    first = make_run(tmp_path / "short", "events-when-stopped.jsonl")
    dialog = page.compare(first, make_run(tmp_path / "long", lambda_l1=12.5, mirror=False))
    assert row_of(dialog, "Closeness to the target (lambda L1)") == ("100 times", "12.5 times")
    assert row_of(dialog, "Mirror at random") == ("on", "off")
    assert row_of(dialog, "Steps done")[1] == "150"
    assert row_of(dialog, "Best PSNR")[0].endswith(" dB")
    titles = [words for words, _, _ in table_of(dialog)]
    assert not [words for words in titles if "_" in words or "." in words]
    labels = dialog.findChild(QScrollArea, "train_compare_settings").findChildren(QLabel)
    mirror = next(label for label in labels if label.text() == "Mirror at random")
    assert "Whether half of the pictures are mirrored." in mirror.toolTip()


def test_every_setting_and_fact_has_a_title_of_its_own():
    settings = [field.name for field in dataclasses.fields(TrainConfig) if field.name != "generator"]
    network = TrainConfig.from_json((RECORDED / CONFIG).read_text()).generator.to_json()
    rows = [setting_row(Difference(key, None, None)) for key in [*settings, *(f"generator.{part}" for part in network)]]
    facts = ["device", "steps", "step", "pairs.train", "pairs.val", "parameters.g", "parameters.d", "best.psnr", "best.step"]
    rows += [fact_row(Difference(key, None, None)) for key in [*facts, "steps_per_second"]]
    titles = [row.title for row in rows]
    assert len(titles) == len(set(titles))
    assert not [title for title in titles if "_" in title or "." in title or not title[0].isupper()]


def test_a_run_that_goes_on_moves_in_the_comparison(page, tmp_path):
    first, second = make_run(tmp_path / "running", "events-when-stopped.jsonl"), make_run(tmp_path / "long")
    dialog = page.compare(first, second)
    run = dialog._runs[0]
    before, measured = run.state.step, len(run.state.validations)
    page.wait(lambda: len(run.curves) == len(run.state.losses))
    losses = {"g_l1": 3.0, "g_gan": 1.0, "d_real": 0.5, "d_fake": 0.5}
    tell(first, *(Step(before + number, 0, losses, 2e-4, 0.1) for number in range(1, 41)))
    last = run.state.validations[-1]
    better = {key: value + 5 if key == "psnr" else value for key, value in last.metrics.items()}
    tell(first, dataclasses.replace(last, step=before + 40, metrics=better, best=True))
    page.wait(lambda: row_of(dialog, "Steps done") == (str(before + 40), "150"))
    page.wait(lambda: dialog.losses.plot.lines["run 0"][0][-1] == before + 40)
    page.wait(lambda: len(dialog.held_out.plot.lines["run 0"][0]) == measured + 1)
    assert row_of(dialog, "Step of the best model")[0] == str(before + 40)


def test_a_run_that_is_cut_short_is_drawn_anew(page, tmp_path):
    first, second = make_run(tmp_path / "cut"), make_run(tmp_path / "long")
    dialog = page.compare(first, second)
    page.wait(lambda: len(dialog._runs[0].curves) == 150)
    shutil.copyfile(RECORDED / "events-when-stopped.jsonl", first / EVENTS)
    page.wait(lambda: 0 < len(dialog._runs[0].curves) < 150)
    page.wait(lambda: dialog.losses.plot.lines["run 0"][0][-1] < 150)


def test_a_run_whose_folder_vanishes_is_said_in_the_comparison(page, tmp_path):
    first, second = make_run(tmp_path / "here"), make_run(tmp_path / "gone")
    dialog = page.compare(first, second)
    shutil.rmtree(second)
    told = dialog.findChild(QLabel, "train_compare_told")
    page.wait(told.isVisible)
    assert "not there any more" in told.text()


def test_nothing_is_followed_once_the_comparison_is_closed(page, tmp_path):
    first, second = make_run(tmp_path / "one"), make_run(tmp_path / "two")
    for _ in range(3):
        dialog = page.compare(first, second)
        followers = {id(run.follower) for run in dialog._runs}
        dialog.close()
        assert all(follower.run is None for follower in page.comparisons._followers)
        page.wait(lambda: all(follower._errands.are_done for follower in page.comparisons._followers))
        assert {id(follower) for follower in page.comparisons._followers} == followers


def test_a_run_without_a_request_cannot_be_compared_and_says_why(page, tmp_path):
    first, second = make_run(tmp_path / "one"), make_run(tmp_path / "two")
    (second / CONFIG).unlink()
    page.comparisons.compare_runs(first, second)
    page.wait(lambda: page.said != [])
    assert page.dialogs() == []
