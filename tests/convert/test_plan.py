"""What is found below the sources, and what the results will be called."""

import os
import sys
import unicodedata
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from p2p_desktop.convert.plan import Plan, list_pictures, plan_conversion, raw_sentence
from training.contract.errors import ConfigError
from training.contract.progress import Cancelled, Token

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names or files")


class Results:
    """What an earlier conversion made: these files."""

    def __init__(self, paths: Collection[Path]) -> None:
        self._paths = paths

    def among(self, folder: Path, names: Sequence[str], root: Path) -> set[str]:
        return {name for name in names if folder / name in self._paths}


def plan(*sources: Path, out: Path, requested="keep", recurse=True, own=(), token=None) -> Plan:
    return plan_conversion(
        sources,
        out,
        requested=requested,
        recurse=recurse,
        results=Results(own),
        token=token or Token(),
    )


def touch(*paths: Path) -> None:
    """Make files that are pictures by their names, which is all that a plan looks at."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def targets(found: Plan) -> dict[str, str]:
    """Return, by the source's name, where each result goes below OUT."""
    return {picture.name: picture.target.relative_to(found.out).as_posix() for picture in found.pictures}


def test_content_of_one_folder_lands_directly_under_out(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/summer/beach/b.png")
    assert targets(plan(tmp_path / "in", out=tmp_path / "out")) == {"a.jpg": "a.jpg", "b.png": "summer/beach/b.png"}


def test_several_sources_get_a_sub_folder_each_and_loose_files_none(tmp_path):
    touch(tmp_path / "one/a.jpg", tmp_path / "two/x/b.jpg", tmp_path / "c.jpg")
    found = plan(tmp_path / "one", tmp_path / "two", tmp_path / "c.jpg", out=tmp_path / "out")
    assert targets(found) == {"c.jpg": "c.jpg", "a.jpg": "one/a.jpg", "b.jpg": "two/x/b.jpg"}


def test_folders_of_one_name_are_numbered(tmp_path):
    touch(tmp_path / "x/photos/a.jpg", tmp_path / "y/Photos/b.jpg", tmp_path / "z/photos/c.jpg")
    found = plan(tmp_path / "x/photos", tmp_path / "y/Photos", tmp_path / "z/photos", out=tmp_path / "out")
    assert targets(found) == {"a.jpg": "photos/a.jpg", "b.jpg": "Photos-2/b.jpg", "c.jpg": "photos-3/c.jpg"}


def test_without_recursion_only_the_folder_itself_is_read(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/deep/b.jpg")
    (tmp_path / "in/link").symlink_to(tmp_path / "in/deep")
    assert targets(plan(tmp_path / "in", out=tmp_path / "out", recurse=False)) == {"a.jpg": "a.jpg"}


def test_one_picture_may_have_a_file_name_as_out(tmp_path):
    touch(tmp_path / "a.jpg")
    found = plan(tmp_path / "a.jpg", out=tmp_path / "result.PNG")
    assert (targets(found), found.out, found.requested) == ({"a.jpg": "result.PNG"}, tmp_path, "png")


def test_a_folder_that_is_called_like_a_picture_stays_a_folder(tmp_path):
    touch(tmp_path / "a.jpg")
    (tmp_path / "out.png").mkdir()
    assert plan(tmp_path / "a.jpg", out=tmp_path / "out.png").out == tmp_path / "out.png"


def test_a_result_name_of_another_format_than_asked_for_is_refused(tmp_path):
    touch(tmp_path / "a.jpg")
    with pytest.raises(ConfigError, match=r"result\.png"):
        plan(tmp_path / "a.jpg", out=tmp_path / "result.png", requested="jpg")


def test_a_result_name_that_can_only_be_read_is_refused(tmp_path):
    touch(tmp_path / "a.jpg")
    with pytest.raises(ConfigError, match=r"result\.heic"):
        plan(tmp_path / "a.jpg", out=tmp_path / "result.heic")


def test_results_of_one_name_are_numbered_in_order(tmp_path):
    touch(*(tmp_path / "in" / name for name in ("a.bmp", "a.jpg", "a.png", "b.png")))
    found = plan(tmp_path / "in", out=tmp_path / "out", requested="png")
    assert targets(found) == {"a.bmp": "a.png", "a.jpg": "a-2.png", "a.png": "a-3.png", "b.png": "b.png"}


def test_a_number_never_takes_another_pictures_plain_name(tmp_path):
    touch(*(tmp_path / "in" / name for name in ("a.bmp", "a.jpg", "a-2.jpg")))
    found = plan(tmp_path / "in", out=tmp_path / "out", requested="png")
    assert targets(found) == {"a-2.jpg": "a-2.png", "a.bmp": "a.png", "a.jpg": "a-3.png"}


@posix_only
def test_names_that_some_file_system_takes_for_one_are_numbered(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "\u00e9.jpg") for form in ("NFC", "NFD"))
    touch(tmp_path / "in/A.jpg", tmp_path / "in/a.jpg", tmp_path / "in" / composed, tmp_path / "in" / decomposed)
    if len(list((tmp_path / "in").iterdir())) < 4:
        pytest.skip("this file system is one of those")
    found = targets(plan(tmp_path / "in", out=tmp_path / "out"))
    assert (found["A.jpg"], found["a.jpg"]) == ("A.jpg", "a-2.jpg")
    assert len({unicodedata.normalize("NFC", name).casefold() for name in found.values()}) == 4


def test_a_result_does_not_take_the_name_of_a_folder(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/a.png/b.jpg")
    found = plan(tmp_path / "in", out=tmp_path / "out", requested="png")
    assert targets(found) == {"a.jpg": "a-2.png", "b.jpg": "a.png/b.png"}


@posix_only
@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u732b", "\U0001f408"])
def test_names_of_255_bytes_stay_within_255_bytes(tmp_path, letter):
    stem = letter * (251 // len(letter.encode()))
    touch(tmp_path / "in" / f"{stem}.jpg", tmp_path / "in" / f"{stem}.bmp")
    found = [picture.target_name for picture in plan(tmp_path / "in", out=tmp_path / "out", requested="webp").pictures]
    assert len(set(found)) == 2
    assert all(len(os.fsencode(name)) <= 255 and name.startswith(letter * 5) for name in found)
    touch(*(tmp_path / "out" / name for name in found))


@posix_only
def test_names_may_hold_newlines_and_bytes_that_are_no_text(tmp_path):
    names = ["two\nlines.jpg", os.fsdecode(b"caf\xe9.jpg"), " space .jpg", "\u732b.jpg"]
    touch(*(tmp_path / "in" / name for name in names))
    assert targets(plan(tmp_path / "in", out=tmp_path / "out")) == {name: name for name in names}


def test_files_that_are_no_pictures_are_counted(tmp_path):
    names = ["notes.txt", "Thumbs.db", ".DS_Store", "._a.jpg", ".p2p-0a1b2c-1f-65a-01234567-89abcdef.part", "a.jpg"]
    touch(*(tmp_path / "in" / name for name in names))
    found = plan(tmp_path / "in", out=tmp_path / "out")
    assert (targets(found), found.ignored) == ({"a.jpg": "a.jpg"}, 5)


def test_camera_raw_is_counted_by_kind(tmp_path):
    touch(*(tmp_path / "in" / name for name in ("a.NEF", "b.nef", "c.CR2", "d.jpg")))
    found = plan(tmp_path / "in", out=tmp_path / "out")
    assert (found.raw, found.ignored) == ({"CR2": 1, "NEF": 2}, 0)


def test_raw_sentence_names_kinds_and_numbers():
    assert raw_sentence({"NEF": 212}) == "212 NEF pictures cannot be read yet."
    assert raw_sentence({"CR2": 1, "DNG": 4, "NEF": 2}) == "1 CR2, 4 DNG and 2 NEF pictures cannot be read yet."
    assert raw_sentence({"NEF": 1}) == "1 NEF picture cannot be read yet."


def test_out_inside_a_source_is_left_out(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/done/b.jpg", tmp_path / "in/done/deep/c.jpg")
    assert targets(plan(tmp_path / "in", out=tmp_path / "in/done")) == {"a.jpg": "a.jpg"}


def test_out_inside_a_source_is_left_out_by_any_name(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/done/b.jpg")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "in/done")
    assert targets(plan(tmp_path / "in", out=tmp_path / "elsewhere")) == {"a.jpg": "a.jpg"}


def test_our_own_results_in_a_source_are_no_sources(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/a-2.jpg", tmp_path / "in/a-3.jpg")
    found = plan(tmp_path / "in", out=tmp_path / "in", own={tmp_path / "in/a-2.jpg"})
    assert (list(targets(found)), found.ignored, found.earlier_results) == (["a-3.jpg", "a.jpg"], 0, 1)


def test_results_in_any_folder_are_passed_over_and_counted(tmp_path):
    touch(tmp_path / "in/May/a.jpg", tmp_path / "in/May sharp/a.jpg", tmp_path / "in/May sharp/new.jpg")
    found = plan(tmp_path / "in", out=tmp_path / "in sharp", own={tmp_path / "in/May sharp/a.jpg"})
    assert targets(found) == {"a.jpg": "May/a.jpg", "new.jpg": "May sharp/new.jpg"}
    assert found.earlier_results == 1


def test_a_result_that_is_named_itself_is_a_source_at_its_place_in_the_tree(tmp_path):
    result = tmp_path / "in/May sharp/a.jpg"
    touch(tmp_path / "in/May/b.jpg", result)
    assert targets(plan(result, out=tmp_path / "out", own={result})) == {"a.jpg": "a.jpg"}
    found = plan(tmp_path / "in", result, out=tmp_path / "out", own={result})
    assert (targets(found), found.earlier_results) == ({"a.jpg": "May sharp/a.jpg", "b.jpg": "May/b.jpg"}, 0)


def test_a_source_within_another_adds_nothing(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/deep/b.jpg", tmp_path / "in/deep/c.jpg")
    sources = [tmp_path / "in/deep", tmp_path / "in/deep/c.jpg", tmp_path / "in", tmp_path / "in/a.jpg"]
    whole = targets(plan(tmp_path / "in", out=tmp_path / "out"))
    for _ in sources:
        sources.append(sources.pop(0))  # whatever comes first
        found = plan(*sources, out=tmp_path / "out")
        assert (targets(found), len(found.pictures)) == (whole, 3)


def test_without_recursion_a_folder_within_another_is_a_source_of_its_own(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/deep/b.jpg", tmp_path / "in/deep/deeper/c.jpg")
    sources = [tmp_path / "in", tmp_path / "in/deep", tmp_path / "in/a.jpg", tmp_path / "in/deep/deeper/c.jpg"]
    found = plan(*sources, out=tmp_path / "out", recurse=False)
    assert targets(found) == {"a.jpg": "in/a.jpg", "b.jpg": "deep/b.jpg", "c.jpg": "c.jpg"}
    assert len(found.pictures) == 3


def test_a_source_within_another_that_lies_in_out_is_converted_all_the_same(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/done/b.jpg", tmp_path / "in/done/x/c.jpg")
    found = plan(tmp_path / "in", tmp_path / "in/done/x", out=tmp_path / "in/done")
    assert targets(found) == {"a.jpg": "a.jpg", "c.jpg": "done/x/c.jpg"}


@posix_only
def test_circles_of_links_end(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/deep/b.jpg")
    (tmp_path / "in/deep/up").symlink_to(tmp_path / "in")
    (tmp_path / "in/self").symlink_to(tmp_path / "in/self")
    found = plan(tmp_path / "in", out=tmp_path / "out")
    assert targets(found) == {"a.jpg": "a.jpg", "b.jpg": "deep/b.jpg"}
    assert [path.name for path, _ in found.failures] == ["self"]


@posix_only
def test_a_linked_folder_is_followed_once_and_a_real_one_keeps_its_place(tmp_path):
    touch(tmp_path / "in/zoo/a.jpg", tmp_path / "far/b.jpg")
    (tmp_path / "in/album").symlink_to(tmp_path / "in/zoo")  # sorts before the folder itself
    (tmp_path / "in/l1").symlink_to(tmp_path / "far")
    (tmp_path / "in/l2").symlink_to(tmp_path / "far")
    assert targets(plan(tmp_path / "in", out=tmp_path / "out")) == {"a.jpg": "zoo/a.jpg", "b.jpg": "l1/b.jpg"}


@posix_only
def test_linked_files_are_pictures_and_broken_links_fail(tmp_path):
    touch(tmp_path / "far.jpg", tmp_path / "in/x.txt")
    (tmp_path / "in/near.jpg").symlink_to(tmp_path / "far.jpg")
    (tmp_path / "in/gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    found = plan(tmp_path / "in", out=tmp_path / "out")
    assert targets(found) == {"near.jpg": "near.jpg"}
    assert found.failures == (
        (tmp_path / "in/gone.jpg", f"{tmp_path / 'in/gone.jpg'} is a link to something that does not exist."),
    )


@posix_only
def test_a_pipe_that_is_called_like_a_picture_fails_and_does_not_hang(tmp_path):
    touch(tmp_path / "in/a.jpg")
    os.mkfifo(tmp_path / "in/pipe.jpg")
    found = plan(tmp_path / "in", tmp_path / "in/pipe.jpg", out=tmp_path / "out")
    assert [path.name for path, _ in found.failures] == ["pipe.jpg"]


def test_a_source_that_does_not_exist_fails_and_the_others_go_on(tmp_path):
    touch(tmp_path / "in/a.jpg")
    found = plan(tmp_path / "in", tmp_path / "gone", out=tmp_path / "out")
    assert targets(found) == {"a.jpg": "in/a.jpg"}
    assert found.failures == ((tmp_path / "gone", f"{tmp_path / 'gone'} does not exist. Was it moved or renamed?"),)


def test_a_source_given_twice_counts_once(tmp_path):
    touch(tmp_path / "in/a.jpg", tmp_path / "in/deep/b.jpg", tmp_path / "c.jpg")
    found = plan(
        tmp_path / "in/deep",
        tmp_path / "in",
        tmp_path / "in",
        tmp_path / "c.jpg",
        tmp_path / "c.jpg",
        out=tmp_path / "out",
    )
    assert targets(found) == {"c.jpg": "c.jpg", "b.jpg": "in/deep/b.jpg", "a.jpg": "in/a.jpg"}


def test_relative_sources_are_understood(tmp_path, monkeypatch):
    touch(tmp_path / "in/a.jpg")
    monkeypatch.chdir(tmp_path / "in")
    found = plan(Path(), Path("../in"), out=Path("../out"))
    assert (targets(found), found.out) == ({"a.jpg": "a.jpg"}, tmp_path / "out")


def test_the_walk_can_be_cancelled(tmp_path):
    touch(tmp_path / "in/a.jpg")
    token = Token()
    token.cancel()
    with pytest.raises(Cancelled):
        plan(tmp_path / "in", out=tmp_path / "out", token=token)


def test_pictures_and_folders_are_found_in_the_order_that_people_count(tmp_path):
    names = ("Day 2/img2.jpg", "Day 2/IMG10.jpg", "Day 10/a.jpg", "img1.jpg", "IMG2.jpg", "img10.jpg")
    touch(*(tmp_path / "in" / name for name in names))
    told = []
    list_pictures([tmp_path / "in"], recurse=True, out=None, results=Results(()), report=told.extend, token=Token())
    found = plan(tmp_path / "in", out=tmp_path / "out").pictures
    in_order = ["img1.jpg", "IMG2.jpg", "img10.jpg", "img2.jpg", "IMG10.jpg", "a.jpg"]
    assert [one.name for one in found] == [one.name for one in told] == in_order


@posix_only
def test_the_order_in_which_pictures_are_found_changes_no_name_of_a_result(tmp_path):
    touch(*(tmp_path / "in" / name for name in ("B2.jpg", "b2.bmp", "b02.png")))
    found = plan(tmp_path / "in", out=tmp_path / "out", requested="png")
    assert [picture.name for picture in found.pictures] == ["b2.bmp", "B2.jpg", "b02.png"]
    assert targets(found) == {"B2.jpg": "B2.png", "b2.bmp": "b2-2.png", "b02.png": "b02.png"}
    loose = [tmp_path / "in" / name for name in ("b2.bmp", "B2.jpg")]
    assert targets(plan(*loose, out=tmp_path / "out", requested="png")) == {"b2.bmp": "b2.png", "B2.jpg": "B2-2.png"}
