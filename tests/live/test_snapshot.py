"""A snapshot is whole, replaces nothing and tells how it was made."""

import errno
import os
import struct
import sys
import zlib
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from p2p_desktop.live.names import dated_name
from p2p_desktop.live.snapshot import read_about, save_snapshot
from p2p_desktop.placing import LONGEST_NAME_BYTES
from training.contract import png
from training.contract.errors import PictureError
from training.contract.metadata import Metadata
from training.contract.pictures import read_picture
from training.contract.version import __version__

ABOUT = {"model": "deblur \u6a21\u578b", "size": "256 x 192", "strength": "0.8", "device": 'CPU "fast"\nthreads 2'}


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "pixels", [noise(20, 30, 3), noise(20, 30, 1), noise(21, 31, 1, dtype=np.uint16)], ids=["colour", "grey", "depth"]
)
def test_a_snapshot_reads_back_as_it_was(tmp_path, pixels):
    path = save_snapshot(pixels, tmp_path, name="a.png", about=ABOUT)
    assert path == tmp_path / "a.png"
    read = read_picture(path).pixels
    assert (read.dtype, read.shape) == (pixels.dtype, pixels.shape)
    assert np.array_equal(read, pixels)
    assert read_about(path) == ABOUT


def test_other_programs_can_read_how_it_was_made(tmp_path):
    path = save_snapshot(noise(8, 8, 3), tmp_path, name="evening.png", about={"model": "deblur", "strength": "1"})
    texts = png.read_texts(path.read_bytes())
    assert texts["Software"] == f"P2P Desktop {__version__}"
    assert texts["Title"] == "evening"
    assert texts["Description"] == "A frame translated live by P2P Desktop: model deblur, strength 1."


def test_every_chunk_of_a_snapshot_is_sound(tmp_path):
    data = save_snapshot(noise(8, 8, 3), tmp_path, name="a.png", about=ABOUT).read_bytes()
    kinds = []
    for kind, start, stop in png.chunks(data):
        kinds.append(kind)
        assert data[stop : stop + 4] == struct.pack(">I", zlib.crc32(data[start - 4 : stop]))
    assert kinds[:5] == [b"IHDR", *[b"iTXt"] * 4]
    assert kinds[-1] == b"IEND"


def test_a_snapshot_replaces_no_file_and_makes_its_folder(tmp_path):
    folder = tmp_path / "new" / "\u00fcber uns"
    for _ in range(3):
        save_snapshot(noise(8, 8, 3), folder, name="a.png", about={})
    assert names(folder) == ["a-2.png", "a-3.png", "a.png"]


def test_a_snapshot_that_fails_on_the_way_leaves_nothing(tmp_path, monkeypatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PictureError, match="is full"):
        save_snapshot(noise(8, 8, 3), tmp_path, name="a.png", about={})
    assert names(tmp_path) == []


def test_a_folder_that_is_a_file_is_named(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(PictureError, match="is no folder"):
        save_snapshot(noise(8, 8, 3), tmp_path / "a", name="a.png", about={})


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that takes no files from anybody")
def test_a_folder_that_takes_no_files_is_named():
    with pytest.raises(PictureError, match="not saved in /proc"):
        save_snapshot(noise(8, 8, 3), Path("/proc"), name="a.png", about={})


@pytest.mark.parametrize("pixels", [noise(8, 8), noise(8, 8, 4), noise(8, 8, 3, dtype=np.uint16), np.zeros((8, 8, 1), np.float32)])
def test_what_is_no_frame_is_refused(tmp_path, pixels):
    with pytest.raises(ValueError, match="a snapshot is"):
        save_snapshot(pixels, tmp_path, name="a.png", about={})


def test_a_picture_that_is_no_snapshot_says_nothing(tmp_path):
    plain = cv2.imencode(".png", noise(8, 8, 3))[1].tobytes()
    (tmp_path / "a.png").write_bytes(plain)
    (tmp_path / "b.png").write_bytes(png.with_texts(plain, {"p2p": "no JSON"}))
    (tmp_path / "c.png").write_bytes(png.with_texts(plain, {"p2p": "[1, 2]"}))
    assert [read_about(tmp_path / name) for name in names(tmp_path)] == [{}, {}, {}]
    (tmp_path / "d.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(PictureError, match="is no PNG"):
        read_about(tmp_path / "d.jpg")
    with pytest.raises(PictureError, match="cannot be read"):
        read_about(tmp_path / "missing.png")


def test_texts_of_any_kind_are_read_and_leave_xmp_alone():
    plain = cv2.imencode(".png", noise(8, 8, 3))[1].tobytes()
    packed = zlib.compress("d\u00e9j\u00e0".encode())
    for kind, content in {
        b"tEXt": b"old\0caf\xe9",
        b"zTXt": b"packed\0\0" + zlib.compress(b"caf\xe9"),
        b"iTXt": b"new\0\1\0fr\0nouveau\0" + packed,
    }.items():
        chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        plain = plain[:33] + chunk + plain[33:]
    data = png.with_texts(png.with_blocks(plain, Metadata(xmp=b"<x:xmpmeta/>")), {"Title": "\u96e8"})
    texts = png.read_texts(data)
    assert {key: texts[key] for key in ("old", "packed", "new", "Title")} == {
        "old": "caf\u00e9",
        "packed": "caf\u00e9",
        "new": "d\u00e9j\u00e0",
        "Title": "\u96e8",
    }
    assert png.read_blocks(data).xmp == b"<x:xmpmeta/>"
    assert png.is_sound(data)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).shape == (8, 8, 3)


@pytest.mark.parametrize("keyword", ["", "n" * 80, "two\nlines"])
def test_a_keyword_that_png_does_not_take_is_refused(keyword):
    with pytest.raises(ValueError, match="no keyword"):
        png.with_texts(cv2.imencode(".png", noise(8, 8, 3))[1].tobytes(), {keyword: "text"})


def test_names_tell_the_time_and_the_model():
    at = datetime(2026, 11, 30, 20, 15, 4)  # local time
    assert dated_name(at, "deblur", ".png") == "P2P Desktop 2026-11-30 20.15.04 deblur.png"
    assert dated_name(at, "", ".mp4") == "P2P Desktop 2026-11-30 20.15.04.mp4"
    assert dated_name(at, 'mine: a/b\\c "x"?', ".png") == "P2P Desktop 2026-11-30 20.15.04 mine a b c x.png"
    assert len(os.fsencode(dated_name(at, "\u6a21" * 200, ".png"))) <= LONGEST_NAME_BYTES
