"""How outputs come into being, and what happens to what a killed run left."""

import errno
import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from p2p_desktop.convert import outputs
from p2p_desktop.convert.outputs import TargetError, check_writable
from p2p_desktop.owner import FOREIGN_LIFE_S, Owner
from p2p_desktop.placing import numbered, place
from p2p_desktop.temporaries import is_temporary, sweep, written
from tests.convert.fakes import leave_behind

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names or files")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_complete_and_leaves_nothing_beside_it(tmp_path):
    with written(b"content", tmp_path / "new/folder", Owner.new()) as temporary:
        assert is_temporary(temporary.path.name)
        place(temporary.path, tmp_path / "new/folder/a.png", overwrite=False)
    assert names(tmp_path / "new/folder") == ["a.png"]
    status = (tmp_path / "new/folder/a.png").stat()
    assert (status.st_size, status.st_mtime_ns) == (temporary.size, temporary.mtime_ns)


def test_a_file_that_fails_on_the_way_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), written(b"content", tmp_path, Owner.new()):
        raise ZeroDivisionError
    assert names(tmp_path) == []


@posix_only
def test_outputs_are_as_readable_as_the_person_lets_new_files_be(tmp_path):
    before = os.umask(0o027)
    try:
        with written(b"content", tmp_path, Owner.new()) as temporary:
            assert temporary.path.stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_in_the_way_is_not_replaced(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "a.png").write_bytes(b"theirs")
    with written(b"ours", tmp_path, Owner.new()) as temporary, pytest.raises(FileExistsError):
        place(temporary.path, tmp_path / "a.png", overwrite=False)
    assert (names(tmp_path), (tmp_path / "a.png").read_bytes()) == (["a.png"], b"theirs")


@posix_only
def test_a_broken_link_in_the_way_is_not_followed(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "nowhere")
    with written(b"ours", tmp_path, Owner.new()) as temporary:
        with pytest.raises(FileExistsError):
            place(temporary.path, tmp_path / "a.png", overwrite=False)
        place(temporary.path, tmp_path / "a.png", overwrite=True)
    assert not (tmp_path / "a.png").is_symlink()
    assert names(tmp_path) == ["a.png"]


def no_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, "This file system knows no links")


def test_a_disk_without_links_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    with written(b"ours", tmp_path, Owner.new()) as temporary:
        place(temporary.path, tmp_path / "a.png", overwrite=False)
    assert (names(tmp_path), (tmp_path / "a.png").read_bytes()) == (["a.png"], b"ours")


def test_what_a_dead_run_left_is_swept(tmp_path, dead):
    leave_behind(tmp_path, dead)
    (tmp_path / "a.png").touch()
    sweep(tmp_path)
    assert names(tmp_path) == ["a.png"]


def test_what_a_living_run_works_at_stays(tmp_path):
    left = leave_behind(tmp_path, Owner.new())
    sweep(tmp_path)
    assert names(tmp_path) == [left.name]


def test_a_process_number_that_was_given_again_is_not_its_former_owner(tmp_path):
    me = psutil.Process()
    leave_behind(tmp_path, Owner(Owner.new().host, me.pid, int(me.create_time()) - 3600, "0123abcd"))
    sweep(tmp_path)
    assert names(tmp_path) == []


def test_what_another_computer_left_is_swept_after_a_day(tmp_path):
    fresh, old = (leave_behind(tmp_path, Owner("ffffff", 1, 0, job)) for job in ("00000001", "00000002"))
    yesterday = time.time() - FOREIGN_LIFE_S - 1
    os.utime(old, (yesterday, yesterday))
    sweep(tmp_path)
    assert names(tmp_path) == [fresh.name]


def test_a_folder_that_is_not_there_needs_no_sweeping(tmp_path):
    sweep(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["a.png", ".p2p-x.part", ".p2p-0a1b2c-1f-65a-01234567-89abcdef.part.png"])
def test_strangers_files_are_not_taken_for_ours(name):
    assert not is_temporary(name)


def test_an_owner_survives_being_written_down():
    owner = Owner.new()
    assert Owner.parse(str(owner)) == owner


def test_numbers_shorten_long_names_between_characters():
    assert numbered(Path("\u732b.png"), 2).name == "\u732b-2.png"
    full = "\u732b" * 83 + "a.jpg"  # 254 bytes, of which 2 must go
    assert numbered(Path(full), 12).name == "\u732b" * 82 + "-12.jpg"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EROFS, "cannot be written to"),
        (errno.ENOTDIR, "is a file"),
        (errno.EIO, "Nothing can be written"),
    ],
)
def test_what_is_wrong_with_the_output_folder_is_a_sentence(tmp_path, error, sentence):
    told = str(outputs.target_error(tmp_path, OSError(error, os.strerror(error))))
    assert sentence in told
    assert str(tmp_path) in told
    assert told.endswith(".")


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("file", "{file} is a file, not a folder."),
        ("file/out", "{file}/out cannot be made: {file} is a file, not a folder."),
        ("file/out/deeper", "{file}/out/deeper cannot be made: {file} is a file, not a folder."),
    ],
)
def test_an_output_folder_that_is_a_file_or_below_one_is_refused_by_the_name_of_the_file(tmp_path, out, sentence):
    (tmp_path / "file").touch()
    with pytest.raises(TargetError) as told:
        check_writable(tmp_path / out, Owner.new())
    expected = sentence.format(file=tmp_path / "file").replace("/", os.sep)
    assert str(told.value) == f"{expected} Choose another output folder."
