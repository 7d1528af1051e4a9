"""What was measured of models: kept under digests of their files, whole or not at all; a damaged one costs one model's numbers."""

import json
from dataclasses import asdict, replace

import pytest

from p2p_desktop.models.measured import Measured, Measurements
from training.contract.errors import ModelError

ONE = Measured("a" * 64, 1000, "/pictures/Holiday", 1.7e9, 6, {"psnr": 27.5}, {"psnr": 25.0})


def test_what_was_kept_comes_back_and_newer_replaces_older(tmp_path):
    measurements = Measurements(tmp_path / "data" / "measured")
    assert measurements.all() == {}
    other = replace(ONE, digest="b" * 64, knew_all=True)
    for one in (ONE, other, replace(ONE, metrics={"psnr": 28.0})):
        measurements.keep(one)
    assert measurements.all() == {ONE.digest: replace(ONE, metrics={"psnr": 28.0}), other.digest: other}
    assert sorted(path.suffix for path in (tmp_path / "data" / "measured").iterdir()) == [".json", ".json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"digest": 1}',
        json.dumps(asdict(ONE) | {"metrics": {}}),
        json.dumps(asdict(ONE) | {"metrics": {"psnr": "27"}}),
        json.dumps(asdict(ONE) | {"identity": [1]}),
        json.dumps(asdict(ONE) | {"when": float("nan")}),
        json.dumps(asdict(ONE) | {"num_bytes": float("inf")}),
        json.dumps(asdict(ONE)) + " " * 70_000 + "x",
    ],
)
def test_a_damaged_file_is_left_out_and_the_others_are_read(tmp_path, text):
    measurements = Measurements(tmp_path)
    other = replace(ONE, digest="b" * 64)
    measurements.keep(other)
    (tmp_path / f"{ONE.digest}.json").write_text(text)
    (tmp_path / "folder.json").mkdir()
    known = measurements.all()
    assert known.pop(other.digest) == other
    assert list(known) == ([ONE.digest] if text.endswith("x") else [])


def test_a_file_under_the_name_of_another_model_is_not_believed(tmp_path):
    (tmp_path / f"{'c' * 64}.json").write_text(json.dumps(asdict(ONE)))
    assert Measurements(tmp_path).all() == {}


def test_a_disk_that_refuses_is_a_sentence_and_leaves_nothing(tmp_path):
    (tmp_path / "measured").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="could not be remembered"):
        Measurements(tmp_path / "measured").keep(ONE)
    assert [path.name for path in tmp_path.iterdir()] == ["measured"]
