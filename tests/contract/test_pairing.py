"""Which pictures are found to be pairs, in every layout that people have."""

import unicodedata
from pathlib import Path

import pytest

from training.contract.errors import PairingError
from training.contract.pairing import find_pairs, fingerprint, pictures_below


def touch(*paths: Path, content: str = "") -> None:
    """Files with a picture's name; each holds its own name unless told otherwise."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content or path.as_posix())


def names(pairs):
    return {pair.name for pair in pairs}


@pytest.mark.parametrize(
    ("first", "second"),
    [("A", "B"), ("rgb", "depth_mm"), ("Input", "Target"), ("left", "right"), ("sparse", "dense")],
)
def test_two_folders_are_matched_by_name_whatever_their_suffixes(tmp_path, first, second):
    touch(
        *(tmp_path / first / f"{number}.jpg" for number in range(20)),
        *(tmp_path / second / f"{number}.png" for number in range(20)),
    )
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (found.layout, found.sides, found.split_by) == ("folders", (first, second), "content")
    assert (len(found.train), len(found.held_out)) == (20, 0)
    for pair in found.train:
        assert (pair.a.parent.name, pair.b.parent.name) == (first, second)
        assert pair.a.stem == pair.b.stem == pair.name


@pytest.mark.parametrize("outer", [True, False])
def test_the_owners_split_is_kept_inside_or_outside_of_the_two_folders(tmp_path, outer):
    for part, count in (("train", 3), ("val", 2), ("test", 4)):
        for side in "AB":
            folder = tmp_path / part / side if outer else tmp_path / side / part
            touch(*(folder / "street" / f"{number}.png" for number in range(count)))
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (found.layout, found.split_by) == ("folders", "owner")
    assert names(found.train) == {"street/0", "street/1", "street/2"}
    assert names(found.held_out) == {"street/0", "street/1"}


def test_the_second_folder_may_lie_elsewhere(tmp_path):
    touch(
        *(tmp_path / "here" / f"{number}.png" for number in range(3)),
        *(tmp_path / "there" / f"{number}.png" for number in range(3)),
    )
    found = find_pairs(tmp_path / "here", "pairs", other=tmp_path / "there")
    assert found.layout == "folders"
    assert {pair.b.parent.name for pair in (*found.train, *found.held_out)} == {"there"}


def test_pictures_in_one_folder_are_strips(tmp_path):
    touch(*(tmp_path / part / f"{number}.jpg" for part in ("train", "val") for number in range(2)))
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (found.layout, found.split_by, len(found.train), len(found.held_out)) == ("strips", "owner", 2, 2)
    assert all(pair.b is None for pair in found.train)


def test_photographs_are_never_taken_for_pairs_nor_two_folders_of_them(tmp_path):
    touch(*(tmp_path / side / f"{number}.jpg" for side in "AB" for number in range(5)))
    found = find_pairs(tmp_path, "photos", other=None)
    assert (found.layout, len(found.train) + len(found.held_out)) == ("photos", 10)


def test_what_has_no_partner_is_told_and_so_is_what_has_two(tmp_path):
    touch(*(tmp_path / side / f"{number}.png" for side in "AB" for number in range(4)))
    touch(tmp_path / "A" / "alone.png", tmp_path / "B" / "other.png", tmp_path / "A" / "3.jpg")
    found = find_pairs(tmp_path, "pairs", other=None)
    assert names((*found.train, *found.held_out)) == {"0", "1", "2"}
    assert {path.name for path in found.lonely} == {"alone.png", "other.png", "3.png"}
    assert {path.name for path in found.ambiguous} == {"3.png", "3.jpg"}


def test_val_without_the_two_folders_of_train_is_a_sentence(tmp_path):
    touch(*(tmp_path / "train" / side / "0.png" for side in "AB"), tmp_path / "val" / "A" / "0.png")
    with pytest.raises(PairingError, match="does not hold the folders A and B"):
        find_pairs(tmp_path, "pairs", other=None)


def test_a_second_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PairingError, match="nowhere does not exist"):
        find_pairs(tmp_path, "pairs", other=tmp_path / "nowhere")


def test_depth_may_come_with_photographs_or_alone(tmp_path):
    touch(*(tmp_path / "both" / side / f"{number}.png" for side in ("rgb", "depth") for number in range(3)))
    touch(*(tmp_path / "alone" / f"{number}.png" for number in range(3)))
    assert find_pairs(tmp_path / "both", "depth", other=None).layout == "folders"
    assert find_pairs(tmp_path / "alone", "depth", other=None).layout == "photos"


@pytest.mark.parametrize(
    ("trains", "vals", "tests"),
    [
        ("train/A train/B", "val/A val/B", "test/A test/B"),
        ("A/train B/train", "A/val B/val", "A/test B/test"),
        ("trainA trainB", "valA valB", "testA testB"),
        ("train_A train_B", "val_A val_B", "test_A test_B"),
        ("train-rgb train-depth", "val-rgb val-depth", "test-rgb"),
        ("train_img train_label", "val_img val_label", "test_img"),
        ("Train/A Train/B", "validation/A validation/B", "Testing"),
    ],
)
@pytest.mark.parametrize("has_val", [True, False])
def test_two_folders_are_found_in_every_common_layout_and_test_pictures_never_used(tmp_path, trains, vals, tests, has_val):
    for folders, count in ((trains, 5), (vals, 2 if has_val else 0), (tests, 4)):
        for folder in folders.split():
            touch(*(tmp_path / folder / f"{number}.png" for number in range(count)))
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (found.layout, found.split_by) == ("folders", "owner" if has_val else "content")
    assert names(found.train) == {"0", "1", "2", "3", "4"}
    assert names(found.held_out) == ({"0", "1"} if has_val else set())
    first, second = trains.split()
    assert all((pair.a.parent, pair.b.parent) == (tmp_path / first, tmp_path / second) for pair in found.train)


@pytest.mark.parametrize("wanted", ["photos", "pairs"])
def test_train_alone_is_all_there_is_to_train_on(tmp_path, wanted):
    touch(*(tmp_path / folder / f"{number}.jpg" for folder in ("train", "test") for number in range(3)))
    found = find_pairs(tmp_path, wanted, other=None)
    assert (len(found.train), found.held_out, found.split_by) == (3, (), "content")
    assert {pair.a.parent.name for pair in found.train} == {"train"}


def test_a_folder_of_trains_among_others_is_no_part(tmp_path):
    touch(*(tmp_path / folder / "1.jpg" for folder in ("train", "boats", "testimonials")))
    assert len(find_pairs(tmp_path, "photos", other=None).train) == 3


@pytest.mark.parametrize("folders", [("paris", "london", "rome"), ("images",), ("train/paris", "train/london", "train/rome")])
def test_strips_may_lie_in_sub_folders(tmp_path, folders):
    touch(*(tmp_path / folder / f"{number}.jpg" for folder in folders for number in range(3)))
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (found.layout, len(found.train)) == ("strips", 3 * len(folders))


@pytest.mark.parametrize(
    ("folders", "words"),
    [
        ("A", "holds the folder A, but none called b"),
        ("input paris rome", "holds the folder input, but none called target"),
        ("mine/A mine/B", "mine holds the folders A and B. Choose that folder"),
        ("A/train A/val B", "only one holds train"),
        ("A/train A/val B/train", "only one holds val"),
        ("trainA", "holds trainA, but two folders belong to train"),
        ("trainA trainB valA", "holds valA, but two folders belong to val"),
        ("valA valB", "no such two to train on"),
        ("train val/A val/B", "no such two to train on"),
    ],
)
def test_what_looks_like_two_folders_is_never_cut_in_half(tmp_path, folders, words):
    touch(*(tmp_path / folder / "1.png" for folder in folders.split()))
    with pytest.raises(PairingError, match=words):
        find_pairs(tmp_path, "pairs", other=None)


def test_two_folders_without_a_common_name_are_refused(tmp_path):
    touch(tmp_path / "paris" / "1.png", tmp_path / "london" / "2.png")
    with pytest.raises(PairingError, match="one name"):
        find_pairs(tmp_path, "pairs", other=None)


def test_the_runs_own_folder_is_neither_of_the_two(tmp_path):
    touch(*(tmp_path / side / "1.png" for side in ("left", "right")), tmp_path / "runs" / "first" / "samples" / "1.png")
    found = find_pairs(tmp_path, "pairs", other=None, left_out=tmp_path / "runs" / "first")
    assert (found.layout, found.sides) == ("folders", ("left", "right"))


def test_names_match_however_their_accents_are_written(tmp_path):
    for form, side in (("NFC", "A"), ("NFD", "B")):
        touch(tmp_path / side / (unicodedata.normalize(form, "caf\u00e9") + ".png"))
    found = find_pairs(tmp_path, "pairs", other=None)
    assert (names(found.train), found.lonely) == ({"caf\u00e9"}, ())


def test_hidden_and_foreign_files_are_no_pictures(tmp_path):
    touch(tmp_path / "a.png", tmp_path / "notes.txt", tmp_path / "Thumbs.db")
    assert [path.name for path in pictures_below(tmp_path)] == ["a.png"]


def test_a_fingerprint_sees_another_size_and_another_partner(tmp_path):
    touch(*(tmp_path / side / f"{number}.png" for side in "AB" for number in range(3)))

    def print_of():
        return fingerprint(find_pairs(tmp_path, "pairs", other=None))

    first = print_of()
    assert print_of() == first
    (tmp_path / "B" / "1.png").write_text("longer than it was before, by far and away" * 5)
    assert print_of() != first
