"""Which pictures are found to be pairs, in every layout that people have."""

import shutil
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
    found = find_pairs(tmp_path, "pairs", other=None, seed=0)
    assert (found.layout, found.sides, found.split_by) == ("folders", (first, second), "content")
    assert len(found.train) == 18
    assert len(found.held_out) == 2
    for pair in (*found.train, *found.held_out):
        assert (pair.a.parent.name, pair.b.parent.name) == (first, second)
        assert pair.a.stem == pair.b.stem == pair.name


@pytest.mark.parametrize("outer", [True, False])
def test_the_owners_split_is_kept_inside_or_outside_of_the_two_folders(tmp_path, outer):
    for part, count in (("train", 3), ("val", 2), ("test", 4)):
        for side in "AB":
            folder = tmp_path / part / side if outer else tmp_path / side / part
            touch(*(folder / "street" / f"{number}.png" for number in range(count)))
    found = find_pairs(tmp_path, "pairs", other=None, seed=0)
    assert (found.layout, found.split_by) == ("folders", "owner")
    assert names(found.train) == {"street/0", "street/1", "street/2"}
    assert names(found.held_out) == {"street/0", "street/1"}


def test_the_second_folder_may_lie_elsewhere(tmp_path):
    touch(
        *(tmp_path / "here" / f"{number}.png" for number in range(3)),
        *(tmp_path / "there" / f"{number}.png" for number in range(3)),
    )
    found = find_pairs(tmp_path / "here", "pairs", other=tmp_path / "there", seed=0)
    assert found.layout == "folders"
    assert {pair.b.parent.name for pair in (*found.train, *found.held_out)} == {"there"}


def test_pictures_in_one_folder_are_strips(tmp_path):
    touch(*(tmp_path / part / f"{number}.jpg" for part in ("train", "val") for number in range(2)))
    found = find_pairs(tmp_path, "pairs", other=None, seed=0)
    assert (found.layout, found.split_by, len(found.train), len(found.held_out)) == ("strips", "owner", 2, 2)
    assert all(pair.b is None for pair in found.train)


def test_photographs_are_never_taken_for_pairs_nor_two_folders_of_them(tmp_path):
    touch(*(tmp_path / side / f"{number}.jpg" for side in "AB" for number in range(5)))
    found = find_pairs(tmp_path, "photos", other=None, seed=0)
    assert (found.layout, len(found.train) + len(found.held_out)) == ("photos", 10)


def test_what_has_no_partner_is_told_and_so_is_what_has_two(tmp_path):
    touch(*(tmp_path / side / f"{number}.png" for side in "AB" for number in range(4)))
    touch(tmp_path / "A" / "alone.png", tmp_path / "B" / "other.png", tmp_path / "A" / "3.jpg")
    found = find_pairs(tmp_path, "pairs", other=None, seed=0)
    assert names((*found.train, *found.held_out)) == {"0", "1", "2"}
    assert {path.name for path in found.lonely} == {"alone.png", "other.png", "3.png"}
    assert {path.name for path in found.ambiguous} == {"3.png", "3.jpg"}


def test_pairs_that_share_a_picture_stay_on_one_side(tmp_path):
    """One photograph with several label maps, or the same pair twice: seen in training, they cannot measure."""
    for number in range(30):
        touch(tmp_path / "A" / f"{number}.png", content=f"photo {number // 3}")
        touch(tmp_path / "B" / f"{number}.png")
    touch(tmp_path / "A" / "again.png", content="another photo")
    shutil.copy(tmp_path / "B" / "0.png", tmp_path / "B" / "again.png")
    for seed in range(6):
        found = find_pairs(tmp_path, "pairs", other=None, seed=seed)
        groups = [
            {"0" if pair.name == "again" else str(int(pair.name) // 3) for pair in side} for side in (found.train, found.held_out)
        ]
        assert not groups[0] & groups[1]
        assert len(groups[1]) == 1


def test_val_without_the_two_folders_of_train_is_a_sentence(tmp_path):
    touch(*(tmp_path / "train" / side / "0.png" for side in "AB"), tmp_path / "val" / "A" / "0.png")
    with pytest.raises(PairingError, match="does not hold the folders A and B"):
        find_pairs(tmp_path, "pairs", other=None, seed=0)


def test_a_second_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PairingError, match="nowhere does not exist"):
        find_pairs(tmp_path, "pairs", other=tmp_path / "nowhere", seed=0)


def test_depth_may_come_with_photographs_or_alone(tmp_path):
    touch(*(tmp_path / "both" / side / f"{number}.png" for side in ("rgb", "depth") for number in range(3)))
    touch(*(tmp_path / "alone" / f"{number}.png" for number in range(3)))
    assert find_pairs(tmp_path / "both", "depth", other=None, seed=0).layout == "folders"
    assert find_pairs(tmp_path / "alone", "depth", other=None, seed=0).layout == "photos"


def test_hidden_and_foreign_files_are_no_pictures(tmp_path):
    touch(tmp_path / "a.png", tmp_path / "notes.txt", tmp_path / "Thumbs.db")
    assert [path.name for path in pictures_below(tmp_path)] == ["a.png"]


def test_a_fingerprint_sees_another_size_and_another_partner(tmp_path):
    touch(*(tmp_path / side / f"{number}.png" for side in "AB" for number in range(3)))

    def print_of():
        return fingerprint(find_pairs(tmp_path, "pairs", other=None, seed=0))

    first = print_of()
    assert print_of() == first
    (tmp_path / "B" / "1.png").write_text("longer than it was before, by far and away" * 5)
    assert print_of() != first
