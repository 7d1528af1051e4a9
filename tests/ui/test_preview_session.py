"""Previews: the newest wish wins, the model stays, and nothing old is told."""

import threading

import pytest
from PySide6.QtCore import QObject

from p2p_desktop.inference.translator import Translator
from p2p_desktop.workers import preview_session
from p2p_desktop.workers.preview_session import PreviewSession
from tests.convert.fakes import save_picture
from tests.deadlines import soon
from tests.models_for_tests import write_small_model
from training.contract.errors import ModelError

WAIT_MS = 20_000


@pytest.fixture
def session(qtbot):
    session = PreviewSession()
    yield session
    session.close(soon())


class Loader:
    def __init__(self, folder) -> None:
        self.model = write_small_model(folder / "m.safetensors")
        self.folder = folder
        self.count = 0
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, token) -> Translator:
        self.count += 1
        self.hold.wait(WAIT_MS / 1000)
        return Translator.load(self.model, device="cpu", runtime="torch", cache=self.folder)


@pytest.fixture
def loader(tmp_path):
    return Loader(tmp_path)


def told(session) -> list:
    events: list = []
    session.before_ready.connect(lambda picture: events.append(("before", picture.width)))
    session.after_begun.connect(lambda picture: events.append(("after", picture.width)))
    session.done.connect(lambda *_: events.append(("done", 0)))
    session.failed.connect(lambda text: events.append(("failed", text)))
    return events


def test_a_picture_is_shown_and_translated(qtbot, session, loader, tmp_path):
    events = told(session)
    session.choose_model(loader)
    with qtbot.waitSignal(session.done, timeout=WAIT_MS):
        session.show(save_picture(tmp_path / "a.png", width=40))
    assert events == [("before", 40), ("after", 40), ("done", 0)]


def test_who_gives_it_up_does_not_wait_for_its_model(qtbot, loader, tmp_path):
    owner = QObject()
    session = PreviewSession(owner)
    events = told(session)
    gone = []
    session.destroyed.connect(lambda: gone.append(True))
    session.choose_model(loader)
    loader.hold.clear()
    session.show(save_picture(tmp_path / "a.png"))
    qtbot.waitUntil(lambda: loader.count == 1, timeout=WAIT_MS)
    session.retire()  # returns, although the model is still being loaded
    owner.deleteLater()
    del owner, session
    events.clear()
    qtbot.wait(50)
    assert not gone
    loader.hold.set()
    qtbot.waitUntil(lambda: bool(gone), timeout=WAIT_MS)
    assert events == []
    assert not preview_session._retired


def test_of_many_wishes_only_the_last_is_told_and_the_model_is_loaded_once(qtbot, session, loader, tmp_path):
    events = told(session)
    session.choose_model(loader)
    with qtbot.waitSignal(session.done, timeout=WAIT_MS):
        for width in range(20, 60):
            session.show(save_picture(tmp_path / f"{width}.png", width=width))
    assert events == [("before", 59), ("after", 59), ("done", 0)]
    with qtbot.waitSignal(session.done, timeout=WAIT_MS):
        session.show(tmp_path / "20.png")
    assert loader.count == 1


def test_a_wish_that_is_overtaken_while_the_model_loads_is_not_told(qtbot, session, loader, tmp_path):
    events = told(session)
    loader.hold.clear()
    session.choose_model(loader)
    first, second = save_picture(tmp_path / "a.png", width=30), save_picture(tmp_path / "b.png", width=50)
    with qtbot.waitSignal(session.loading, timeout=WAIT_MS):
        session.show(first)
    session.show(second)
    loader.hold.set()
    qtbot.waitUntil(lambda: ("done", 0) in events, timeout=WAIT_MS)
    assert events == [("before", 30), ("before", 50), ("after", 50), ("done", 0)]


def test_another_model_is_loaded_and_the_first_one_closed(qtbot, session, tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = Loader(tmp_path / "one"), Loader(tmp_path / "two")
    session.choose_model(one)
    with qtbot.waitSignal(session.done, timeout=WAIT_MS):
        session.show(save_picture(tmp_path / "a.png"))
    with qtbot.waitSignal(session.done, timeout=WAIT_MS):
        session.choose_model(two)
    assert (one.count, two.count) == (1, 1)


def test_what_is_no_picture_and_what_is_no_model_are_sentences(qtbot, session, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    with qtbot.waitSignal(session.failed, timeout=WAIT_MS) as failed:
        session.show(tmp_path / "a.png")
    assert "a.png" in failed.args[0]

    def load(token):
        raise ModelError("The model is damaged.")

    session.choose_model(load)
    with qtbot.waitSignal(session.failed, timeout=WAIT_MS) as failed:
        session.show(save_picture(tmp_path / "b.png"))
    assert failed.args[0] == "The model is damaged."


def test_a_result_that_is_there_needs_no_model(qtbot, session, loader, tmp_path):
    session.choose_model(loader)
    with qtbot.waitSignal(session.done, timeout=WAIT_MS) as done:
        session.show(save_picture(tmp_path / "a.png"), save_picture(tmp_path / "b.png", seed=1))
    assert done.args == [0.0, 0.0]
    assert loader.count == 0


def test_closing_waits_for_the_thread(qtbot, loader, tmp_path):
    session = PreviewSession()
    session.choose_model(loader)
    with qtbot.waitSignal(session.loading, timeout=WAIT_MS):
        session.show(save_picture(tmp_path / "a.png", width=4000, height=3000))
    session.close(soon())
    assert session._thread is None or session._thread.isFinished()
