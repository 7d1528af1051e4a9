"""What is decided of pairs that a check found something about."""

import json

import pytest

from p2p_desktop.runs.checked_pairs import CheckedPairs


def finding(code, key):
    certain = code == "misaligned"
    return {
        "code": code,
        "key": key,
        "pair": key,
        "files": [],
        "message": "",
        "certain": certain,
        "mirrored": False,
        "shift": [0.0, 0.1] if certain else None,
        "pixels": [0, 9] if certain else None,
        "repeats": "b.png" if code == "duplicate" else "",
    }


@pytest.fixture
def checked():
    """Two pairs; one lies off, and is a copy of the other."""
    every = [{"key": key, "pair": key, "files": [f"A/{key}", f"B/{key}"], "held_out": False} for key in ("a.png", "b.png")]
    findings = [finding(code, "a.png") for code in ("misaligned", "duplicate")]
    return CheckedPairs(
        {
            "layout": "two folders",
            "sides": ["A", "B"],
            "split_by": "name",
            "every": every,
            "order": [["a.png"], ["b.png"]],
            "findings": findings,
        }
    )


def test_a_pair_that_was_lined_up_stays_so_when_it_is_used_although_it_is_a_copy(checked):
    checked.put_right(checked.group("misaligned"))
    checked.use_anyway(checked.group("duplicate"))
    assert checked.is_used("a.png")
    assert checked.standing(checked.group("misaligned")[0]) == "put right"
    assert [item["pair"] for item in json.loads(checked.changes()["line_up"])] == ["a.png"]


def test_a_pair_that_was_lined_up_is_used_as_it_lies_when_that_is_decided(checked):
    checked.use_anyway(checked.group("duplicate"))
    checked.put_right(checked.group("misaligned"))
    checked.use_anyway(checked.group("misaligned"))
    assert checked.is_used("a.png")
    assert checked.correction("a.png") is None
