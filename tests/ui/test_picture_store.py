"""What is read in the background for what is painted: the newest first, nothing stale, not too much."""

import threading

import pytest

from p2p_desktop.ui.picture_store import PictureStore
from tests.deadlines import soon

PATIENCE_MS = 20_000


class Files:
    """What `read` finds, and when it may go on."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self.read_of: list[str] = []
        self.may_read, self.is_reading = threading.Event(), threading.Event()
        self.may_read.set()

    def read(self, wish: str, _: float) -> str | None:
        self.read_of.append(wish)
        found = self.contents.get(wish)
        self.is_reading.set()
        assert self.may_read.wait(20)
        return found


@pytest.fixture
def files():
    return Files()


@pytest.fixture
def store(qtbot, files):
    made = PictureStore("test", files.read, lambda found, ratio: (found, ratio), most_asked=3, most_kept=2)
    made.wait = lambda: qtbot.waitUntil(lambda: made.is_idle, timeout=PATIENCE_MS)
    yield made
    files.may_read.set()
    made.close(soon())


def wait_until_it_reads(files):
    assert files.is_reading.wait(20)
    files.is_reading.clear()


def test_what_is_asked_for_is_there_when_it_was_read(store, files, qtbot):
    files.contents["a"] = "A"
    with qtbot.waitSignal(store.arrived, timeout=PATIENCE_MS) as arrived:
        assert store.get("a", 2.0) is None
    assert arrived.args == ["a"]
    assert store.get("a", 1.0) == ("A", 2.0)
    store.wait()
    assert files.read_of == ["a"]


def test_the_newest_is_read_first_and_what_was_passed_by_not_at_all(store, files):
    files.may_read.clear()
    store.get("first", 1.0)
    wait_until_it_reads(files)
    for wish in "abcd":
        store.get(wish, 1.0)
    files.may_read.set()
    store.wait()
    assert files.read_of == ["first", "d", "c", "b"]


def test_what_cannot_be_had_is_not_asked_for_twice_until_it_may_have_changed(store, files):
    store.get("a", 1.0)
    store.wait()
    assert store.has_failed("a")
    store.get("a", 1.0)
    assert store.is_idle
    files.contents["a"] = "A"
    store.forget("a")
    store.get("a", 1.0)
    store.wait()
    assert store.get("a", 1.0) == ("A", 1.0)


@pytest.mark.parametrize("forget", [lambda store: store.forget("a"), lambda store: store.forget_all()], ids=["one", "all"])
def test_what_changes_while_it_is_read_is_not_kept(store, files, forget):
    files.contents["a"] = "old"
    files.may_read.clear()
    store.get("a", 1.0)
    wait_until_it_reads(files)
    files.contents["a"] = "new"
    forget(store)
    files.may_read.set()
    store.wait()
    assert store.get("a", 1.0) is None
    store.wait()
    assert store.get("a", 1.0) == ("new", 1.0)


def test_the_least_recently_seen_goes_first(store, files):
    files.contents |= {"a": "A", "b": "B", "c": "C"}
    for wish in "ab":
        store.get(wish, 1.0)
        store.wait()
    assert store.get("a", 1.0)
    store.get("c", 1.0)
    store.wait()
    assert store.get("a", 1.0)
    assert store.get("b", 1.0) is None


def test_forgetting_some_leaves_the_others(store, files):
    files.contents |= {"a1": "A", "b1": "B"}
    for wish in ("a1", "b1"):
        store.get(wish, 1.0)
        store.wait()
    store.forget_where(lambda wish: wish.startswith("a"))
    assert store.get("b1", 1.0) == ("B", 1.0)
    assert store.get("a1", 1.0) is None


def test_nothing_is_read_before_it_is_time_nor_after_the_end(store, files):
    store.hold()
    store.get("a", 1.0)
    assert store.is_idle
    store.get_ready()
    store.wait()
    assert files.read_of == ["a"]
    store.close(soon())
    store.get("b", 1.0)
    assert store.is_idle
    assert files.read_of == ["a"]
