import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.models_for_tests import small_card, write_small_model
from tests.picture_files import DATA, XMP, animation, encoded, exif_block, icc_profile, photo, png, write_photo
from training.contract.pictures import read_picture
from training.contract.spec import unet


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    card = small_card(spec=unet(3, 3, 3, width=4, norm="none", bias="all", dropout="none", output="residual"), keeps_grey=True)
    return write_small_model(tmp_path_factory.mktemp("model") / "m.safetensors", card)


def tree(folder):
    """Relative path -> digest of every file."""
    return {
        os.fsencode(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_folder_becomes_the_same_folder(tmp_path, p2p, model):
    source, out = tmp_path / "in", tmp_path / "out"
    write_photo(source / "a.jpg", exif=exif_block(6), xmp=XMP)
    write_photo(source / "deep" / "er" / "b.PNG", photo(30, 41, dtype=np.uint16))
    write_photo(source / "deep" / "c.webp", photo(30, 40, channels=4))
    (source / "notes.txt").write_text("hello")
    (source / "DSC_1.NEF").write_bytes(b"raw")
    before = tree(source)
    ended = p2p("convert", source, "-o", out, "-m", model, "--json")
    assert ended.code == 0, ended.err
    assert set(tree(out)) == {b"a.jpg", b"deep/er/b.PNG", b"deep/c.webp"}
    assert tree(source) == before
    summary = ended.summary
    assert {key: summary[key] for key in ("type", "converted", "skipped", "failed")} == {
        "type": "summary",
        "converted": 3,
        "skipped": 0,
        "failed": 0,
    }
    assert summary["ignored"] == 1
    assert summary["earlier_results"] == 0
    assert summary["raw"] == {"NEF": 1}
    assert summary["device"] == "cpu"
    assert summary["runtime"] == "openvino"
    assert summary["pictures_per_second"] > 0
    assert all(Path(row["source"]).is_absolute() and Path(row["output"]).is_file() for row in ended.rows("converted"))
    turned = read_picture(out / "a.jpg")
    assert turned.pixels.shape == (64, 48, 3)
    assert b"P2P Camera" in turned.metadata.exif
    assert read_picture(out / "deep/er/b.PNG").pixels.dtype == np.uint16
    assert read_picture(out / "deep/c.webp").alpha is not None


def test_a_second_run_skips_everything(tmp_path, p2p, model):
    source, out = tmp_path / "in", tmp_path / "out"
    for index in range(4):
        write_photo(source / f"{index}.png")
    p2p("convert", source, "-o", out, "-m", model, "--json")
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    ended = p2p("convert", source, "-o", out, "-m", model, "--json", "--batch", 3, "--runtime", "torch")
    assert ended.code == 0
    assert (ended.summary["converted"], ended.summary["skipped"]) == (0, 4)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before


def test_batches_and_runtimes_give_the_same_files(tmp_path, p2p, model):
    source = tmp_path / "in"
    for index in range(9):
        write_photo(source / f"{index}.png", photo(40 + 8 * (index % 3), 64, seed=index))
    for name, options in (("one", ["--batch", 1]), ("eight", ["--batch", 8])):
        assert p2p("convert", source, "-o", tmp_path / name, "-m", model, *options).code == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "eight")


def test_bad_pictures_are_rows_and_the_rest_is_done(tmp_path, p2p, model):
    source, out = tmp_path / "in", tmp_path / "out"
    write_photo(source / "good.jpg")
    (source / "cut.jpg").write_bytes(encoded(".jpg", photo(200, 200))[:900])
    (source / "empty.png").write_bytes(b"")
    (source / "text.png").write_text("Dear diary")
    (source / "bomb.png").write_bytes(png(60_000, 60_000, 8, 2, b""))
    (source / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (source / "loop").symlink_to(source, target_is_directory=True)
    ended = p2p("convert", source, "-o", out, "-m", model, "--json")
    assert ended.code == 3
    reasons = {Path(row["source"]).name: row["reason"] for row in ended.rows("failed")}
    assert set(reasons) == {"cut.jpg", "empty.png", "text.png", "bomb.png", "gone.jpg"}
    assert all(reason.endswith(".") and len(reason) > 15 for reason in reasons.values())
    assert [Path(row["output"]).name for row in ended.rows("converted")] == ["good.jpg"]
    assert set(tree(out)) == {b"good.jpg"}


def test_odd_pictures_are_converted(tmp_path, p2p, model):
    source, out = tmp_path / "in", tmp_path / "out"
    write_photo(source / "dot.png", photo(1, 1))
    write_photo(source / "strip.png", np.full((20, 20_000, 3), 90, np.uint8))
    write_photo(source / "grey.jpg", photo(channels=1))
    (source / "cmyk.jpg").write_bytes((DATA / "cmyk.jpg").read_bytes())
    (source / "phone.HEIC").write_bytes((DATA / "corners.heic").read_bytes())
    (source / "moving.gif").write_bytes(animation(".gif"))
    (source / "really-a-png.jpg").write_bytes(encoded(".png", photo()))
    (source / "palette.png").write_bytes(png(2, 1, 8, 3, bytes([0, 0, 1]), [(b"PLTE", bytes([255, 0, 0, 0, 255, 0]))]))
    ended = p2p("convert", source, "-o", out, "-m", model, "--json")
    assert ended.code == 0, ended.out
    names = {path.name for path in out.iterdir()}
    assert names == {
        "dot.png",
        "strip.png",
        "grey.jpg",
        "cmyk.jpg",
        "phone.png",
        "moving.png",
        "really-a-png.jpg",
        "palette.png",
    }
    assert read_picture(out / "strip.png").pixels.shape == (20, 20_000, 3)
    assert read_picture(out / "grey.jpg").pixels.shape[2] == 1
    reasons = {Path(row["source"]).name: row["reason"] for row in ended.rows()}
    assert "first of 3 frames" in reasons["moving.gif"]
    assert "CMYK" in reasons["cmyk.jpg"]
    assert "but is PNG" in reasons["really-a-png.jpg"]


@pytest.mark.skipif(sys.platform == "win32", reason="such names cannot exist there")
def test_names_of_every_kind_survive(tmp_path, p2p, model):
    names = ["Привет мир.png", "写真 一.png", "صورة.png", "a\nb.png", " two  spaces .png", "é" * 123 + ".png", "🎉.png"]
    raw = os.fsencode(str(tmp_path / "in")) + b"/not-utf8-\xff.png"
    for name in names:
        write_photo(tmp_path / "in" / name)
    Path(os.fsdecode(raw)).write_bytes(encoded(".png", photo()))
    ended = p2p("convert", tmp_path / "in", "-o", tmp_path / "out", "-m", model, "--json")
    assert ended.code == 0, ended.err
    assert ended.summary["converted"] == len(names) + 1
    assert set(tree(tmp_path / "out")) == {os.fsencode(name) for name in names} | {b"not-utf8-\xff.png"}


def test_one_picture_can_be_given_a_name(tmp_path, p2p, model):
    source = write_photo(tmp_path / "a.jpg", icc=icc_profile())
    assert p2p("convert", source, "-o", tmp_path / "new" / "b.png", "-m", model).code == 0
    assert read_picture(tmp_path / "new" / "b.png").metadata.icc == icc_profile()


def test_metadata_strength_and_format_are_settings(tmp_path, p2p, model):
    source = write_photo(tmp_path / "in" / "a.jpg", exif=exif_block(), icc=icc_profile())
    ended = p2p(
        "convert", source, "-o", tmp_path / "out", "-m", model, "--no-metadata", "--strength", 0, "--format", "png", "--json"
    )
    assert ended.code == 0
    result = read_picture(tmp_path / "out" / "a.png")
    assert result.metadata.exif is None
    assert np.array_equal(result.pixels, read_picture(source).pixels)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["convert"], 2, "Missing argument"),
        (["convert", "IN", "-o", "OUT"], 2, "Missing option"),
        (["convert", "IN", "-o", "OUT", "-m", "MODEL", "--strength", "7"], 2, "strength"),
        (["convert", "IN", "-o", "OUT", "-m", "MODEL", "--format", "exe"], 2, "exe"),
        (["convert", "IN", "-o", "OUT", "-m", "MODEL", "--existing", "burn"], 2, "burn"),
        (["convert", "IN", "-o", "OUT", "-m", "MODEL", "--device", "cuda:7"], 2, "no usable graphics card"),
        (["convert", "IN", "-o", "OUT", "-m", "MODEL", "--runtime", "abacus"], 2, "no runtime 'abacus'"),
        (["convert", "IN", "-o", "OUT", "-m", "nonsense"], 1, "no model named 'nonsense'"),
        (["convert", "EMPTY", "-o", "OUT", "-m", "MODEL"], 1, "no picture"),
        (["convert", "NOWHERE", "-o", "OUT", "-m", "MODEL"], 1, "NOWHERE"),
        (["frobnicate"], 2, "frobnicate"),
        (["convert", "IN", "-o", "OUT", "-m", "TEXT"], 1, "not a model file"),
    ],
)
def test_what_cannot_start_is_a_sentence_and_a_code(tmp_path, p2p, model, words, code, sentence):
    write_photo(tmp_path / "in" / "a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.safetensors").write_text("this is a letter, not a model")
    places = {
        "IN": tmp_path / "in",
        "OUT": tmp_path / "out",
        "EMPTY": tmp_path / "empty",
        "NOWHERE": tmp_path / "NOWHERE",
        "MODEL": model,
        "TEXT": tmp_path / "text.safetensors",
    }
    ended = p2p(*(places.get(word, word) for word in words))
    assert ended.code == code, ended.err
    assert sentence.lower() in " ".join(ended.err.split()).lower()
    assert "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_what_is_finished_and_the_next_run_goes_on(tmp_path, p2p, model, number, code):
    source, out = tmp_path / "in", tmp_path / "out"
    for index in range(120):
        write_photo(source / f"{index:03d}.png", photo(300, 300, seed=index))
    process = subprocess.Popen(
        [sys.executable, "-m", "p2p_desktop", "convert", source, "-o", out, "-m", model, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for _ in range(5):
        assert process.stdout.readline()
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code, error
    done = set(tree(out))
    assert 0 < len(done) < 120
    assert all(cv2.imdecode(np.fromfile(out / os.fsdecode(name), np.uint8), cv2.IMREAD_COLOR) is not None for name in done)
    ended = p2p("convert", source, "-o", out, "-m", model, "--json")
    assert ended.summary["skipped"] == len(done)
    assert ended.summary["converted"] == 120 - len(done)
    assert len(tree(out)) == 120


def test_random_kills_lose_and_repeat_nothing(tmp_path, p2p, model):
    """The real program, killed at random moments: whole files only, and in the end each picture once."""
    source, out = tmp_path / "in", tmp_path / "out"
    for index in range(60):
        write_photo(source / f"{index:03d}.jpg", photo(400, 400, seed=index))
    rng = np.random.default_rng()
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-m", "p2p_desktop", "convert", source, "-o", out, "-m", model, "--json"], stdout=subprocess.PIPE
        )
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.5))
        process.kill()
        process.communicate()
        for path in out.rglob("*.jpg"):
            if not path.name.startswith("."):
                read_picture(path)  # raises if it is not whole
    ended = p2p("convert", source, "-o", out, "-m", model, "--json")
    assert ended.code == 0
    assert ended.summary["failed"] == 0
    assert set(tree(out)) == {f"{index:03d}.jpg".encode() for index in range(60)}  # and no temporary file


def test_text_output_says_how_it_went(tmp_path, p2p, model):
    write_photo(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_bytes(b"")
    (tmp_path / "in" / "c.CR2").write_bytes(b"raw")
    ended = p2p("convert", tmp_path / "in", "-o", tmp_path / "out", "-m", model)
    assert ended.code == 3
    assert "1 converted, 0 skipped, 1 failed" in ended.out
    assert "1 CR2 picture cannot be read yet" in ended.out
    assert "b.png is empty" in " ".join(ended.err.split())
    ended = p2p("convert", tmp_path, "-o", tmp_path / "out 2", "-m", model)
    assert "1 result of an earlier conversion was passed over." in ended.out
    assert not (tmp_path / "out 2" / "out").exists()


@pytest.mark.slow
def test_variations_come_with_a_seed_from_either_runtime(tmp_path, p2p):
    write_photo(tmp_path / "in" / "a.jpg")
    card = small_card("dreams", unet(3, 3, 4, width=4, dropout="paper"), statistics="image")
    dreams = write_small_model(tmp_path / "dreams.safetensors", card, gain=3.0)
    made = {}
    for runtime in ("openvino", "torch"):
        out = tmp_path / runtime
        words = ["--variations", 2, "--seed", 9, "--uncertainty", "--format", "png", "--runtime", runtime, "--json"]
        ended = p2p("convert", tmp_path / "in", "-o", out, "-m", dreams, *words)
        assert ended.code == 0, ended.err
        assert ended.summary["converted"] == 4
        made[runtime] = {path.name: read_picture(path).pixels.astype(int) for path in out.iterdir()}
        assert set(made[runtime]) == {"a.png", "a.v1.png", "a.v2.png", "a.uncertainty.png"}
        assert np.abs(made[runtime]["a.v1.png"] - made[runtime]["a.v2.png"]).mean() > 0.5
    for name in ("a.png", "a.v1.png", "a.v2.png"):
        assert np.abs(made["openvino"][name] - made["torch"][name]).max() <= 1


def test_a_model_without_dropout_has_no_variations(tmp_path, p2p, model):
    write_photo(tmp_path / "in" / "a.jpg")
    ended = p2p("convert", tmp_path / "in", "-o", tmp_path / "out", "-m", model, "--variations", 2)
    assert ended.code == 2
    assert "without dropout" in ended.err
    assert not (tmp_path / "out").exists()
