import json
import os
import pickle
import struct
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from safetensors.numpy import save

from tests.models_for_tests import random_generator, small_card, weights_of, write_small_model
from training.contract.errors import ModelError
from training.contract.model_file import check_length, read_card, read_tensor_infos, write_model
from training.contract.networks import load_generator
from training.contract.spec import unet


def rewrite_card(path: Path, change: dict[str, object]) -> None:
    """Change the card of a model file and leave everything else."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    card = json.loads(header["__metadata__"]["p2p"]) | change
    header["__metadata__"]["p2p"] = json.dumps(card)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def test_a_card_survives_the_trip(tmp_path):
    card = small_card(
        "Schärfer 写真",
        provenance={"data": "photos", "steps": 7},
        metrics={"psnr": 27.5},
        identity={"psnr": 26.0},
        trained_on=b"12345678",
        preview=b"\xff\xd8 not shown here",
        keeps_grey=True,
        direction="BtoA",
        labels="output",
        palette=((0, 0, 255), (7, 8, 9)),
    )
    path = write_small_model(tmp_path / "m.safetensors", card)
    assert read_card(path) == card


def test_weights_survive_the_trip(tmp_path):
    card = small_card(spec=unet(3, 3, 3, width=4, dropout="none"))
    generator = random_generator(card.generator, seed=3)
    write_model(tmp_path / "m.safetensors", card, weights_of(generator))
    _, loaded = load_generator(tmp_path / "m.safetensors")
    for name, tensor in generator.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_half_weights_are_computed_as_float32(tmp_path):
    card = small_card()
    generator = random_generator(card.generator)
    halves = {name: value.astype(np.float16) for name, value in weights_of(generator).items()}
    write_model(tmp_path / "m.safetensors", card, halves)
    _, loaded = load_generator(tmp_path / "m.safetensors")
    assert all(parameter.dtype == torch.float32 for parameter in loaded.parameters())
    x = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(loaded(x), generator(x), atol=0.05)


def test_the_card_is_read_without_the_weights(tmp_path):
    path = write_small_model(tmp_path / "m.safetensors")
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    path.write_bytes(data[: 8 + length])  # the weights are gone
    assert read_card(path).name == "m"
    with pytest.raises(ModelError, match="damaged"):
        load_generator(path)


def test_unknown_words_of_a_later_version_are_ignored(tmp_path):
    path = write_small_model(tmp_path / "m.safetensors")
    rewrite_card(path, {"colour_of_the_sky": "blue"})
    assert read_card(path).task == "deblur"


def test_a_newer_format_is_told_from_a_damaged_one(tmp_path):
    path = write_small_model(tmp_path / "m.safetensors")
    rewrite_card(path, {"version": 99})
    with pytest.raises(ModelError, match="newer version"):
        read_card(path)


@pytest.mark.parametrize(
    "change",
    [
        {"generator": None},
        {"generator": {"kind": "unet"}},
        {"statistics": "moon"},
        {"encoding_in": "cmyk"},
        {"encoding_in": "grey8"},
        {"size_rule": {"mode": "native", "size": -5}},
        {"size_rule": 7},
        {"metrics": {"psnr": "high"}},
        {"metrics": {"psnr": 10**400}},
        {"preview": "no base64!"},
        {"trained_on": "no base64!"},
        {"trained_on": [1]},
        {"name": ""},
        {"name": ["a"]},
        {"version": "1"},
        {"palette": "blue"},
        {"palette": [[1, 2]]},
        {"palette": [[-1, 0, 0]]},
        {"palette": [[0, 0, 0]] * 65},
        {"palette": [7]},
    ],
)
def test_a_card_that_makes_no_sense_is_a_sentence(tmp_path, change):
    path = write_small_model(tmp_path / "odd.safetensors")
    rewrite_card(path, change)
    with pytest.raises(ModelError, match=r"odd\.safetensors"):
        read_card(path)


def test_weights_of_another_network_are_refused(tmp_path):
    card = small_card()
    other = random_generator(unet(3, 3, 3, width=5, norm="none", bias="all", dropout="none"))
    write_model(tmp_path / "m.safetensors", card, weights_of(other))
    with pytest.raises(ModelError, match="do not fit"):
        load_generator(tmp_path / "m.safetensors")


def test_missing_and_surplus_weights_are_refused(tmp_path):
    card = small_card()
    weights = weights_of(random_generator(card.generator))
    name = next(iter(weights))
    write_model(tmp_path / "surplus.safetensors", card, weights | {"extra": np.zeros(2, np.float32)})
    del weights[name]
    write_model(tmp_path / "missing.safetensors", card, weights)
    for file in ("surplus", "missing"):
        with pytest.raises(ModelError, match="do not fit"):
            load_generator(tmp_path / f"{file}.safetensors")


def test_weights_that_are_not_numbers_are_refused(tmp_path):
    card = small_card()
    weights = weights_of(random_generator(card.generator))
    next(iter(weights.values())).flat[0] = np.nan
    write_model(tmp_path / "m.safetensors", card, weights)
    with pytest.raises(ModelError, match="not numbers"):
        load_generator(tmp_path / "m.safetensors")


def test_a_description_of_billions_of_weights_takes_no_memory(tmp_path):
    path = write_small_model(tmp_path / "huge.safetensors")
    huge = unet(3, 3, 12, width=4).to_json() | {"encoder": [8192] * 12, "decoder": [8192] * 11, "blocks": 64}
    rewrite_card(path, {"generator": huge})
    process = psutil.Process()
    before = process.memory_info().rss
    with pytest.raises(ModelError, match="do not fit"):
        load_generator(path)
    assert process.memory_info().rss - before < 200 << 20


def test_a_card_of_100_mb_is_not_read(tmp_path):
    path = tmp_path / "fat.safetensors"
    header = b'{"__metadata__":{"p2p":"' + b"x" * (100 << 20) + b'"}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    del header
    process = psutil.Process()
    before = process.memory_info().rss
    with pytest.raises(ModelError, match="larger than 1 MB"):
        read_card(path)
    assert process.memory_info().rss - before < 50 << 20


def test_a_card_above_one_megabyte_is_refused_on_both_sides(tmp_path):
    path = tmp_path / "fat.safetensors"
    path.write_bytes(save({"a": np.zeros(1, np.float32)}, {"p2p": '"' + "x" * (2 << 20) + '"'}))
    with pytest.raises(ModelError, match="larger than 1 MB"):
        read_card(path)
    with pytest.raises(ModelError, match="larger than a model file may hold"):
        write_model(tmp_path / "m.safetensors", small_card(provenance={"data": "x" * (2 << 20)}), {})
    assert not (tmp_path / "m.safetensors").exists()


class Bomb:
    def __reduce__(self):
        return (Path.touch, (Path("bomb-went-off"),))


@pytest.mark.parametrize("kind", ["empty", "short", "text", "pickle", "zip", "noise", "array", "foreign", "header-cut", "deep"])
def test_what_is_no_model_is_a_sentence_and_runs_nothing(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "strange.safetensors"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    else:
        path.write_bytes(
            {
                "empty": b"",
                "short": b"\x01\x02",
                "text": b"This is not a model, it is a letter to you.",
                "pickle": pickle.dumps(Bomb()),
                "noise": np.random.default_rng(0).bytes(5000),
                "array": struct.pack("<Q", 2) + b"[]",
                "foreign": save({"a": np.zeros(1, np.float32)}),
                "header-cut": struct.pack("<Q", 500) + b'{"__metadata__": {',
                "deep": struct.pack("<Q", 200_001) + b'{"a":' + b"[" * 199_996,
            }[kind]
        )
    for read in (read_card, read_tensor_infos, load_generator):
        if kind == "foreign" and read is read_tensor_infos:
            continue
        with pytest.raises(ModelError, match=r"strange\.safetensors"):
            read(path)
    assert not (tmp_path / "bomb-went-off").exists()


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        read_card(tmp_path / "none.safetensors")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.safetensors")
    with pytest.raises(ModelError, match=r"pipe\.safetensors cannot be read: it is a pipe"):
        read_card(tmp_path / "pipe.safetensors")


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[: len(data) // 2], lambda data: data + b"\0"])
def test_a_file_of_another_length_than_its_header_says_is_damaged(tmp_path, change):
    path = write_small_model(tmp_path / "m.safetensors")
    check_length(path)
    path.write_bytes(change(path.read_bytes()))
    read_card(path)  # which tells nothing of that
    with pytest.raises(ModelError, match=r"m\.safetensors is damaged: parts of it are missing"):
        check_length(path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_small_model(tmp_path / "m.safetensors")
    before = path.read_bytes()

    def full(self, data):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_model(path, replace(small_card(), name="new"), {})
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
