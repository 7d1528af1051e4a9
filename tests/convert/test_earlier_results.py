"""Which files a walk takes for results of earlier conversions."""

import os
import sys
from pathlib import Path

import pytest

from p2p_desktop.convert.earlier_results import EarlierResults
from p2p_desktop.convert.journal import Journal, Work, digest
from p2p_desktop.owner import Owner

SOURCE = Path("/in").absolute()


def make(journal: Journal, target: Path, content: bytes = b"result", *, is_noted: bool = True) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Work(SOURCE / "a.png", 1, 2, "model", "settings", target)
    journal.claim(work, [target], redo=False)
    journal.intend(target, digest(content))
    target.write_bytes(content)
    if is_noted:
        journal.finish(target, len(content), target.stat().st_mtime_ns)
    return target


def known(journal: Path, *paths: Path, root: Path = SOURCE) -> list[Path]:
    with EarlierResults(journal) as results:
        return [path for path in paths if results.among(path.parent, [path.name], root)]


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "data" / "conversions.db", Owner.new()) as journal:
        yield journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "conversions.db"


def test_results_are_known_and_other_files_are_not(tmp_path, journal, path):
    result = make(journal, tmp_path / "out" / "a.png")
    other = tmp_path / "out" / "b.png"
    other.write_bytes(b"result")
    assert known(path, result, other, tmp_path / "out" / "gone.png") == [result]


def test_a_result_of_what_lies_elsewhere_is_a_source_like_any_other(tmp_path, journal, path):
    result = make(journal, tmp_path / "out" / "a.png")
    assert known(path, result, root=SOURCE.parent) == [result]
    assert known(path, result, root=SOURCE / "below") == []
    assert known(path, result, root=tmp_path / "out") == []


def test_a_result_that_was_edited_or_replaced_is_none_any_more(tmp_path, journal, path):
    results = [make(journal, tmp_path / f"{number}.png") for number in range(3)]
    results[0].write_bytes(b"longer than it was")
    results[1].write_bytes(b"edited")
    results[2].unlink()
    os.utime(results[1], ns=(5, 5))
    assert known(path, *results) == []


def test_a_result_whose_time_changed_is_known_by_its_content(tmp_path, journal, path):
    result = make(journal, tmp_path / "a.png")
    os.utime(result, ns=(5, 5))
    assert known(path, result) == [result]


def test_a_result_on_a_disk_of_even_seconds_need_not_be_read(tmp_path, journal, path):
    result = make(journal, tmp_path / "a.png")
    seconds = result.stat().st_mtime_ns // 2_000_000_000 * 2
    result.write_bytes(b"not it")  # of the same length: nobody looks
    os.utime(result, ns=(seconds * 1_000_000_000,) * 2)
    assert known(path, result) == [result]


def test_a_result_whose_job_has_not_noted_its_end_is_known(tmp_path, journal, path):
    result = make(journal, tmp_path / "a.png", is_noted=False)
    assert known(path, result) == [result]
    result.write_bytes(b"another file that was in the way")
    assert known(path, result) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links need a permission there")
def test_a_result_is_known_by_a_link_to_its_folder(tmp_path, journal, path):
    make(journal, tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert known(path, tmp_path / "link" / "a.png") == [tmp_path / "link" / "a.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_names_that_are_no_text_are_known(tmp_path, journal, path):
    result = make(journal, tmp_path / os.fsdecode(b"caf\xe9\n.png"))
    assert known(path, result) == [result]


@pytest.mark.parametrize("content", [None, b"", b"no database at all, but as long as it takes to see that" * 40])
def test_a_journal_that_is_missing_or_damaged_knows_nothing_and_stops_nobody(tmp_path, content):
    path = tmp_path / "conversions.db"
    if content is not None:
        path.write_bytes(content)
    (tmp_path / "a.png").touch()
    assert known(path, tmp_path / "a.png") == []
    assert path.exists() == (content is not None)
