"""What is remembered of earlier runs, agreed with simultaneous ones, and survived."""

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from p2p_desktop.convert.journal import Claim, Journal, JournalError, Work, digest
from p2p_desktop.owner import Owner

DEAD = Owner(Owner.new().host, 1, 0, "0123abcd")  # process 1 lives, and began at another time
LIVING = Owner.new()  # another job of this process


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "conversions.db"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "a.png"


def work_for(target: Path, **changes: object) -> Work:
    fields = {"source": Path("/in/a.jpg"), "size": 10, "mtime_ns": 20, "model": "m", "settings": "s", "wished": target}
    return Work(**(fields | changes))


def make(journal: Journal, target: Path, content: bytes = b"result") -> None:
    """Do what a job does to an output that it has claimed."""
    journal.intend(target, digest(content))
    target.write_bytes(content)
    journal.finish(target, len(content), target.stat().st_mtime_ns)


def num_claims(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        return db.execute("SELECT count(*) FROM claims").fetchone()[0]
    finally:
        db.close()


def test_what_was_made_is_known_to_the_next_run(path, target):
    with Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False) == Claim("ours", target)
        make(journal, target)
    with Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False) == Claim("made", target)
        assert journal.claim(work_for(target), [target], redo=True) == Claim("ours", target)


def test_a_result_under_another_name_is_found_again(path, target):
    numbered = target.with_name("a-2.png")
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [numbered], redo=False)
        make(journal, numbered)
        assert journal.claim(work_for(target), [target], redo=False) == Claim("made", numbered)


@pytest.mark.parametrize(
    "change",
    [
        {"source": Path("/in/b.jpg")},
        {"size": 11},
        {"mtime_ns": 21},
        {"model": "n"},
        {"settings": "t"},
        {"wished": Path("/o/a.png")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_work_is_not_taken_for_done(path, target, change):
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
        other = target.with_name("a-2.png")
        assert journal.claim(work_for(target, **change), [other], redo=False) == Claim("ours", other)


@pytest.mark.parametrize("content", [None, b"", b"edited", b"longer than before"])
def test_a_result_that_was_removed_or_edited_is_made_again(path, target, content):
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
        target.unlink()
        if content is not None:
            target.write_bytes(content)
            os.utime(target, ns=(0, 0))
        assert not journal.made(target, ("m", "s"))
        assert journal.claim(work_for(target), [target], redo=False).state == "ours"


def test_a_result_with_another_time_is_known_by_its_content(path, target):
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
        os.utime(target, ns=(5, 5))
        assert journal.made(target, ("m", "s"))
        assert journal.claim(work_for(target), [target], redo=False).state == "made"


def test_results_are_known_by_model_and_settings_too(path, target):
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
        assert journal.made(target, ("m", "s"))
        assert not journal.made(target, ("n", "s"))
        assert not journal.made(target, ("m", "t"))


def test_what_another_run_is_making_is_left_to_it(path, target):
    with Journal(path, LIVING) as theirs, Journal(path, Owner.new()) as ours:
        theirs.claim(work_for(target), [target], redo=False)
        assert ours.claim(work_for(target), [target], redo=False) == Claim("busy", target)
        assert ours.claim(work_for(target, model="n"), [target], redo=False) == Claim("taken")
        make(theirs, target)
        assert ours.claim(work_for(target), [target], redo=False) == Claim("made", target)


def test_a_job_that_ends_gives_back_what_it_did_not_make(path, target):
    with Journal(path, LIVING) as theirs:
        with Journal(path, Owner.new()) as ours:
            ours.claim(work_for(target), [target], redo=False)
        assert theirs.claim(work_for(target), [target], redo=False).state == "ours"


def test_one_job_never_gives_a_name_twice(path, target):
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        other = work_for(target, source=Path("/in/b.jpg"))
        assert journal.claim(other, [target, target.with_name("a-2.png")], redo=False).target == target.with_name("a-2.png")


def abandon(path: Path, target: Path, state: str, content: bytes) -> None:
    """Leave the journal as a run does that was killed in this state."""
    journal = Journal(path, DEAD)
    journal.claim(work_for(target), [target], redo=True)
    if state == "intent":
        journal.intend(target, digest(content))
    journal._db.close()


def test_an_intent_that_came_true_is_done(path, target):
    abandon(path, target, "intent", b"result")
    target.write_bytes(b"result")
    with Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False) == Claim("made", target)


@pytest.mark.parametrize("content", [None, b"another's"])
def test_an_intent_that_did_not_come_true_is_forgotten(path, target, content):
    abandon(path, target, "intent", b"result")
    if content:
        target.write_bytes(content)
    with Journal(path, Owner.new()):
        assert num_claims(path) == 0


def test_a_dead_runs_claim_is_forgotten(path, target):
    abandon(path, target, "claimed", b"")
    with Journal(path, Owner.new()):
        assert num_claims(path) == 0


def test_a_claim_that_came_to_nothing_leaves_the_former_output_known(path, target):
    """`--existing overwrite`, cancelled before it came to this picture."""
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
    with Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target, settings="t"), [target], redo=True).state == "ours"
    abandon(path, target, "intent", b"never came to be")
    with Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False) == Claim("made", target)


def test_names_that_are_no_text_are_remembered(path, tmp_path):
    target = tmp_path / os.fsdecode(b"caf\xe9\n.png") if sys.platform != "win32" else tmp_path / "caf\xe9.png"
    with Journal(path, Owner.new()) as journal:
        journal.claim(work_for(target), [target], redo=False)
        make(journal, target)
        assert journal.claim(work_for(target), [target], redo=False) == Claim("made", target)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_damaged_journal_is_moved_aside(path, target, content, caplog):
    path.parent.mkdir()
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING), Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False).state == "ours"
    assert "moved" in caplog.text
    (aside,) = path.parent.glob("*.unusable")
    assert aside.read_bytes() == content


def test_a_journal_with_a_damaged_page_is_moved_aside(path, tmp_path, caplog):
    with Journal(path, Owner.new()) as journal:
        for number in range(200):
            target = tmp_path / f"{number}.png"
            journal.claim(work_for(target), [target], redo=False)
            make(journal, target)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xa5" * 4096 * 3
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING), Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False).state == "ours"
    assert "damaged" in caplog.text


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PRAGMA user_version = 2", "newer"),
        ("PRAGMA application_id = 7", "another program"),
    ],
)
def test_a_newer_or_foreign_journal_is_moved_aside(path, target, statement, reason, caplog):
    Journal(path, Owner.new()).__exit__(None, None, None)
    db = sqlite3.connect(path)
    db.execute(statement)
    db.close()
    with caplog.at_level(logging.WARNING), Journal(path, Owner.new()) as journal:
        assert journal.claim(work_for(target), [target], redo=False).state == "ours"
    assert reason in caplog.text


def test_a_journal_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "data").touch()
    with pytest.raises(JournalError, match=r"journal.*cannot be used.*\.$"):
        Journal(tmp_path / "data/conversions.db", Owner.new())


def test_a_journal_without_room_is_a_sentence_and_stays_whole(path, tmp_path):
    def fill_up() -> None:
        with Journal(path, Owner.new()) as journal:
            num_pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
            journal._db.execute(f"PRAGMA max_page_count = {num_pages + 1}")
            for number in range(1000):
                target = tmp_path / f"{number}.png"
                journal.claim(work_for(target), [target], redo=False)

    with pytest.raises(JournalError, match="full"):
        fill_up()
    with Journal(path, Owner.new()):
        assert num_claims(path) == 0


def test_many_threads_share_a_journal(path, tmp_path):
    targets = [tmp_path / f"{number}.png" for number in range(80)]
    claims = []

    def claim_all() -> None:
        for target in targets:
            claims.append(journal.claim(work_for(target), [target], redo=False).state)
            if claims[-1] == "ours":
                make(journal, target)

    with Journal(path, Owner.new()) as journal:
        claim_all()
        threads = [threading.Thread(target=claim_all) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (claims.count("ours"), claims.count("made")) == (80, 320)


RACE = """
import sys
from pathlib import Path
from p2p_desktop.convert.journal import Journal, Work
from p2p_desktop.owner import Owner
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with Journal(path, Owner.new()) as journal:
    for number in range(50):
        work = Work(Path(f"/in/{number}.jpg"), 1, 2, "m", "s", Path(f"/out/{number}.png"))
        print(journal.claim(work, [work.wished], redo=False).state)
    print("end", flush=True)
    sys.stdin.readline()
"""


def test_processes_that_begin_at_once_share_the_work(path):
    """They also make the journal at once, which SQLite's change to WAL makes a race of its own."""
    children = [
        subprocess.Popen([sys.executable, "-c", RACE, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        for _ in range(4)
    ]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
    states = []
    for child in children:
        states += iter(child.stdout.readline, "end\n")
    for child in children:
        child.communicate("over\n")
        assert child.returncode == 0
    assert (states.count("ours\n"), states.count("busy\n")) == (50, 150)
