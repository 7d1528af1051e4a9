import contextlib
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.picture_files import DATA, XMP, animation, encoded, exif_block, icc_profile, photo, png, write_photo
from training.contract.errors import PictureError
from training.contract.metadata import Metadata, exif_from_tiff, orientation_of
from training.contract.picture_writing import encode_picture
from training.contract.pictures import (
    MAX_PIXELS,
    Picture,
    is_picture_name,
    output_format,
    picture_size,
    raw_kind,
    read_picture,
    suffix_for,
)

FORMATS = ["jpg", "png", "webp", "tiff", "avif"]
LOSSLESS = ["png", "tiff", "bmp"]
UPRIGHT_BY = {  # EXIF orientation -> what brings stored pixels upright
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, 1),
}


def make(pixels, alpha=None, metadata=None):
    return Picture(pixels, alpha, metadata or Metadata(), "png", ())


def through(tmp_path, picture, form, **options):
    """Write and read again: (what was read, what writing said)."""
    result = encode_picture(picture, form, **options)
    path = tmp_path / f"picture.{form}"
    path.write_bytes(result.data)
    return read_picture(path), result.notes


def close(a, b, tolerance):
    return np.abs(a.astype(int) - b.astype(int)).mean() <= tolerance


# Pixels


@pytest.mark.parametrize("form", LOSSLESS)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_formats_give_the_pixels_back(tmp_path, form, channels, dtype):
    pixels = photo(channels=channels, dtype=dtype)
    back, notes = through(tmp_path, make(pixels), form)
    if form == "bmp" and dtype == np.uint16:
        assert "rounded to 8" in notes[0]
        return
    assert back.pixels.dtype == dtype
    assert notes == ()
    if form == "bmp" and channels == 1:
        pixels = np.repeat(pixels, back.pixels.shape[2], axis=2)
    assert np.array_equal(back.pixels, pixels)


@pytest.mark.parametrize("form", ["png", "tiff"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_carried_through(tmp_path, form, channels, dtype):
    pixels, alpha = photo(channels=channels, dtype=dtype), photo(channels=1, dtype=dtype, seed=5)[..., 0]
    back, _ = through(tmp_path, make(pixels, alpha), form)
    assert np.array_equal(back.alpha, alpha)
    assert np.array_equal(back.pixels, np.repeat(pixels, 3, axis=2) if back.pixels.shape[2] > channels else pixels)


@pytest.mark.parametrize("form", ["webp", "avif"])
def test_alpha_is_carried_through_lossy_formats(tmp_path, form):
    alpha = photo(channels=1, seed=5)[..., 0]
    back, notes = through(tmp_path, make(photo(), alpha), form, quality=98)
    assert close(back.alpha, alpha, 1)
    assert notes == ()


@pytest.mark.parametrize("form", ["jpg", "webp", "avif"])
def test_lossy_formats_come_close(tmp_path, form):
    back, _ = through(tmp_path, make(photo()), form, quality=98)
    assert close(back.pixels, photo(), 1.5)


def test_jpeg_keeps_grey_grey_and_drops_alpha_with_a_word(tmp_path):
    back, notes = through(tmp_path, make(photo(channels=1), np.full((48, 64), 9, np.uint8)), "jpg")
    assert back.pixels.shape[2] == 1
    assert back.alpha is None
    assert notes == ("The transparency was left out.",)


def test_16_bits_are_rounded_for_formats_of_8_with_a_word(tmp_path):
    pixels = np.full((8, 8, 3), 0x80FF, np.uint16)
    back, notes = through(tmp_path, make(pixels), "webp", quality=100)
    assert abs(int(back.pixels[4, 4, 0]) - round(0x80FF / 257)) <= 1
    assert "rounded to 8" in notes[0]


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["png", "tiff"]))
def test_every_size_survives(tmp_path_factory, height, width, form):
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    back, _ = through(tmp_path_factory.mktemp("sizes"), make(pixels), form)
    assert np.array_equal(back.pixels, pixels)


@pytest.mark.parametrize("quality", [85, 95])
def test_high_qualities_keep_colour_at_full_size(tmp_path, quality):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)
    stripes[:, 1::2] = (0, 80, 255)
    back, _ = through(tmp_path, make(stripes), "jpg", quality=quality)
    assert (np.abs(back.pixels.astype(int) - stripes).mean() < 12) == (quality == 95)


# Metadata


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_metadata_survive_the_trip(tmp_path, form, order):
    metadata = Metadata(exif_block(order=order), XMP.replace(b'"6"', b'"1"'), icc_profile())
    back, notes = through(tmp_path, make(photo(), None, metadata), form)
    assert b"P2P Camera" in back.metadata.exif
    assert struct.pack(order + "II", 1, 250) in back.metadata.exif  # the exposure time, in a sub-directory
    assert back.metadata.icc == metadata.icc
    assert back.metadata.xmp == metadata.xmp
    assert notes == ()


@pytest.mark.parametrize("form", FORMATS)
def test_metadata_are_left_out_on_request(tmp_path, form):
    metadata = Metadata(exif_block(), XMP, icc_profile())
    back, notes = through(tmp_path, make(photo(), None, metadata), form, keep_metadata=False)
    assert back.metadata == Metadata()
    assert notes == ()


def test_profiles_of_printers_fit_into_jpeg(tmp_path):
    """Larger than one segment, which OpenCV alone refuses."""
    icc = icc_profile(size=200_000)
    back, notes = through(tmp_path, make(photo(), None, Metadata(exif_block(), None, icc)), "jpg")
    assert back.metadata.icc == icc
    assert notes == ()


def test_a_block_that_a_format_cannot_hold_costs_only_itself(tmp_path):
    exif = exif_block() + bytes(80_000)  # one segment of a JPEG holds 64 KB
    back, notes = through(tmp_path, make(photo(), None, Metadata(exif, XMP, icc_profile())), "jpg")
    assert back.metadata.exif is None
    assert back.metadata.xmp is not None
    assert back.metadata.icc == icc_profile()
    assert notes == ("The EXIF (79 KB) was left out: JPG cannot hold it.",)


@pytest.mark.parametrize("form", FORMATS)
def test_an_odd_profile_survives_byte_for_byte(tmp_path, form):
    icc = b"this is no colour profile that libpng would pass"
    back, notes = through(tmp_path, make(photo(), None, Metadata(None, None, icc)), form)
    assert back.metadata.icc == icc
    assert notes == ()


def test_metadata_do_not_change_the_pixels_of_an_avif(tmp_path):
    bare, _ = through(tmp_path, make(photo()), "avif")
    dressed, _ = through(tmp_path, make(photo(), None, Metadata(exif_block(), XMP * 20, icc_profile(5000))), "avif")
    assert np.array_equal(bare.pixels, dressed.pixels)


def test_xmp_that_opencv_wrote_into_a_png_is_read(tmp_path):
    picture = read_picture(write_photo(tmp_path / "a.png", xmp=XMP))
    assert picture.metadata.xmp == XMP.replace(b'"6"', b'"1"')


def test_the_resolution_for_printing_survives_in_a_tiff(tmp_path):
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, photo(), photometric="rgb", resolution=(300, 300), resolutionunit="inch")
    read_twice, _ = through(tmp_path, read_picture(path), "tiff")
    with tifffile.TiffFile(tmp_path / "picture.tiff") as file:
        assert file.pages.first.tags["XResolution"].value == (300, 1)
        assert file.pages.first.tags["ResolutionUnit"].value == 2
    assert read_twice.metadata == read_picture(path).metadata


def test_xmp_of_a_jpeg_makes_a_sound_png(tmp_path):
    path = write_photo(tmp_path / "a.jpg", xmp=XMP)
    picture = read_picture(path)
    assert picture.metadata.xmp.startswith(b"<x:xmpmeta")
    back, _ = through(tmp_path, picture, "png")
    assert back.metadata.xmp == picture.metadata.xmp


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(tmp_path, suffix, orientation):
    pixels = photo()
    path = write_photo(tmp_path / f"turned{suffix}", pixels, exif=exif_block(orientation))
    picture = read_picture(path)
    assert close(picture.pixels, UPRIGHT_BY[orientation](pixels), 2)
    assert orientation_of(picture.metadata.exif) == 1
    again, _ = through(tmp_path, picture, "png")
    assert np.array_equal(again.pixels, picture.pixels)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_tiff_is_turned_once(tmp_path, orientation):
    pixels = photo(dtype=np.uint16)
    path = tmp_path / "turned.tif"
    tifffile.imwrite(path, pixels, photometric="rgb", extratags=[(274, 3, 1, orientation, True)], compression="zlib")
    expected = {1: pixels, 3: pixels[::-1, ::-1], 6: np.rot90(pixels, -1), 8: np.rot90(pixels, 1)}[orientation]
    assert np.array_equal(read_picture(path).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_turned_by_its_own_properties(orientation):
    """Which OpenCV leaves alone."""
    path = DATA / f"corners-{orientation}.avif"
    red, green, blue, yellow = (200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 60)
    corners = np.array([[red, green], [blue, yellow]])
    pixels = read_picture(path).pixels
    seen = pixels[[[4, 4], [-4, -4]], [[4, -4], [4, -4]]]
    assert close(seen, UPRIGHT_BY[orientation](corners), 4)
    assert picture_size(path) == pixels.shape[:2]


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".tif"])
def test_sizes_are_those_of_the_upright_picture(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".tif":
        tifffile.imwrite(path, photo(), photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    else:
        write_photo(path, exif=exif_block(6))
    assert picture_size(path) == (64, 48) == read_picture(path).pixels.shape[:2]


def test_orientation_in_xmp_is_set_too(tmp_path):
    picture = read_picture(write_photo(tmp_path / "a.jpg", exif=exif_block(6), xmp=XMP))
    assert b'tiff:Orientation="1"' in picture.metadata.xmp
    assert b'tiff:Make="P2P"' in picture.metadata.xmp


def test_the_old_thumbnail_does_not_survive(tmp_path):
    thumbnail = b"\xff\xd8 an old small picture \xff\xd9" * 20
    picture = read_picture(write_photo(tmp_path / "a.jpg", exif=exif_block(1, thumbnail)))
    assert b"old small picture" not in picture.metadata.exif
    assert b"P2P Camera" in picture.metadata.exif


def test_damaged_exif_costs_nothing_but_itself(tmp_path):
    for block in (b"garbage", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b""):
        path = tmp_path / "a.webp"
        path.write_bytes(encoded(".webp", photo(), exif=block or b"\0"))
        picture = read_picture(path)
        assert picture.metadata.exif is None
        assert picture.notes == ("Its EXIF data are damaged and were left out.",)


def test_exif_of_a_tiff_becomes_a_block_of_its_own(tmp_path):
    picture = make(photo(), None, Metadata(exif_block(order=">")))
    data = encode_picture(picture, "tiff").data
    block = exif_from_tiff(data)
    assert b"P2P Camera" in block
    assert len(block) < 200  # strips and sizes of the file are not among it


# What files are, and what is wrong with them


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".bmp", ".gif", ".avif", ".jp2", ".ppm"])
def test_sizes_are_read_from_headers(tmp_path, suffix):
    path = write_photo(tmp_path / f"a{suffix}", photo(height=40, width=56))
    assert picture_size(path) == (40, 56)
    assert read_picture(path).pixels.shape == (40, 56, 3)


def test_phones_pictures_are_read_upright_with_their_exif():
    picture = read_picture(DATA / "corners.heic")
    assert picture.pixels.shape == (48, 32, 3)
    assert picture_size(DATA / "corners.heic") == (48, 32)
    assert close(picture.pixels[4, 4], np.array([30, 30, 200]), 4)  # was at the lower left before the turn
    assert b"P2P" in picture.metadata.exif
    assert orientation_of(picture.metadata.exif) == 1


def test_ten_bits_of_a_phone_become_sixteen():
    picture = read_picture(DATA / "corners-10bit.heic")
    assert picture.pixels.dtype == np.uint16
    assert len(np.unique(picture.pixels)) > 20
    assert picture.pixels.max() == round(1022 / 1023 * 65_535)  # its brightest, spread over all of 16 bits


@pytest.mark.parametrize("bits", [10, 12])
def test_white_of_a_deep_avif_is_white(tmp_path, bits):
    white = np.full((16, 16, 3), (1 << bits) - 1, np.uint16)
    options = (cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, 100)
    path = tmp_path / "a.avif"
    path.write_bytes(encoded(".avif", white, options=options))
    assert np.array_equal(read_picture(path).pixels, np.full((16, 16, 3), 65_535, np.uint16))


def test_white_of_a_pgm_is_what_it_says(tmp_path):
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5 # a comment\n3 1\n15\n\x0f\x00\x05")
    assert read_picture(path).pixels[0, :, 0].tolist() == [255, 0, 85]
    path.write_bytes(b"P5 2 1 1023\n" + struct.pack(">HH", 1023, 0))
    assert read_picture(path).pixels[0, :, 0].tolist() == [65_535, 0]


def test_cmyk_tiff_becomes_srgb_with_a_word(tmp_path):
    path = tmp_path / "a.tif"
    inks = np.full((8, 8, 4), (55, 225, 225, 0), np.uint8)
    tifffile.imwrite(path, inks, photometric="separated", iccprofile=b"of these inks")
    picture = read_picture(path)
    assert picture.pixels[4, 4].tolist() == [200, 30, 30]
    assert picture.alpha is None
    assert picture.metadata.icc is None
    assert picture.notes == ("CMYK was converted to sRGB.",)


def test_colours_of_a_half_transparent_tiff_are_not_darkened(tmp_path):
    """libtiff multiplies straight alpha; a TIFF that was stored multiplied is divided again."""
    picture = read_picture(DATA / "half-transparent-lzw.tif")
    assert (picture.pixels[4, 4].tolist(), picture.alpha[4, 4]) == ([200, 100, 50], 128)
    multiplied = np.full((8, 8, 4), (100, 50, 25, 128), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", multiplied, photometric="rgb", extrasamples=["assocalpha"])
    assert close(read_picture(tmp_path / "a.tif").pixels[4, 4], np.array([200, 100, 50]), 1)


def test_cmyk_becomes_srgb_with_a_word():
    picture = read_picture(DATA / "cmyk.jpg")
    assert close(picture.pixels[4, 4], np.array([200, 30, 30]), 3)
    assert picture.notes == ("CMYK was converted to sRGB.",)


def test_a_wrongly_named_file_is_read_by_its_content(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(".png", photo()))
    picture = read_picture(path)
    assert picture.format == "png"
    assert picture.notes == ("The file is named .jpg but is PNG.",)


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_of_an_animation_the_first_frame_is_used(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(animation(suffix))
    picture = read_picture(path)
    assert picture.pixels.shape == (48, 64, 3)
    assert picture.notes == ("Only the first of 3 frames was used.",)


def test_of_a_tiff_the_first_page_is_used(tmp_path):
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for seed in range(3):
            writer.write(photo(seed=seed), photometric="rgb")
    picture = read_picture(path)
    assert np.array_equal(picture.pixels, photo(seed=0))
    assert picture.notes == ("Only the first of 3 pages was used.",)


def test_palettes_are_expanded(tmp_path):
    palette = bytes([255, 0, 0, 0, 255, 0])
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, 8, 3, bytes([0, 0, 1]), [(b"PLTE", palette)]))
    assert read_picture(path).pixels.tolist() == [[[255, 0, 0], [0, 255, 0]]]
    path.write_bytes(png(2, 1, 8, 3, bytes([0, 0, 1]), [(b"PLTE", palette), (b"tRNS", bytes([128]))]))
    assert read_picture(path).alpha.tolist() == [[128, 255]]


def test_grey_with_alpha_stays_grey(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, 8, 4, bytes([0, 10, 128, 20, 255])))
    picture = read_picture(path)
    assert picture.pixels.tolist() == [[[10], [20]]]
    assert picture.alpha.tolist() == [[128, 255]]


@pytest.mark.parametrize(("bits", "row", "key"), [(8, b"\0\x05\x06", 5), (2, b"\0\x60", 1)])
def test_a_grey_that_is_declared_transparent_is(tmp_path, bits, row, key):
    path = tmp_path / "a.png"
    path.write_bytes(png(2, 1, bits, 0, row, [(b"tRNS", struct.pack(">H", key))]))
    picture = read_picture(path)
    assert picture.pixels.shape == (1, 2, 1)
    assert picture.alpha.tolist() == [[0, 255]]


def test_one_bit_pictures_are_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(8, 1, 1, 0, bytes([0, 0b10100000])))
    assert read_picture(path).pixels[0, :, 0].tolist() == [255, 0, 255, 0, 0, 0, 0, 0]
    tifffile.imwrite(tmp_path / "b.tif", np.array([[True, False] * 4]), photometric="minisblack")
    assert read_picture(tmp_path / "b.tif").pixels[0, :2, 0].tolist() == [255, 0]


def test_a_tiff_of_white_zero_is_not_a_negative(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 10, np.uint8), photometric="miniswhite")
    assert read_picture(tmp_path / "a.tif").pixels[0, 0, 0] == 245


def test_planes_of_a_tiff_are_put_together(tmp_path):
    pixels = photo()
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(pixels, 2, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_picture(tmp_path / "a.tif").pixels, pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".gif", ".avif", ".bmp", ".jp2"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_file_is_an_error_and_not_half_a_picture(tmp_path, suffix, share):
    data = encoded(suffix, np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(PictureError, match=rf"^cut\{suffix}.*(damaged|cut off)"):
        read_picture(path)


def test_a_jpeg_without_its_end_is_an_error(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(encoded(".jpg", photo())[:-40])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_truncated_tiff_is_an_error(tmp_path, compression, share):
    path = tmp_path / "cut.tif"
    tifffile.imwrite(path, photo(), photometric="rgb", compression=compression, rowsperstrip=8)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


def test_a_png_that_lost_a_byte_is_an_error(tmp_path):
    """libpng only warns, and leaves the rest of the picture black."""
    data = encoded(".png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    path = tmp_path / "lost.png"
    path.write_bytes(data[:4000] + b"\x55" + data[4001:])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".gif", ".avif", ".bmp", ".jp2", ".ppm"])
@settings(max_examples=25)
@given(st.data())
def test_no_damage_is_more_than_an_error_of_one_picture(tmp_path_factory, suffix, data):
    sound = bytearray(encoded(suffix, photo(32, 40)))
    for _ in range(data.draw(st.integers(1, 4))):
        sound[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"a{suffix}"
    path.write_bytes(sound)
    for read in (read_picture, picture_size):
        with contextlib.suppress(PictureError):
            read(path)


def test_a_truncated_phone_picture_is_an_error(tmp_path):
    path = tmp_path / "cut.heic"
    path.write_bytes((DATA / "corners.heic").read_bytes()[:600])
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


def test_a_phone_picture_with_an_item_of_no_readable_kind_is_an_error(tmp_path):
    """pi-heif would take the whole process down."""
    path = tmp_path / "odd.heic"
    path.write_bytes((DATA / "corners.heic").read_bytes().replace(b"Exif", b"E\xff\xff\xff", 1))
    with pytest.raises(PictureError, match="damaged"):
        read_picture(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty .0 bytes.. Get a fresh copy of the file"),
        (
            "Dear diary, today I took a pictur\u00e9 of the s\u00e9a and of a very white b\u00e9ach.".encode(),
            "is a text, not a picture. Get a fresh",
        ),
        (b"\n<!DOCTYPE html><html>", "is a web page, not a picture. Save the picture itself"),
        (b"PK\x03\x04" + bytes(60), "is an archive, not a picture. Unpack it"),
        (b"\x07\x00\x81" + bytes(60), "is not a picture, whatever its name says. Get a fresh"),
        (b"\x89PNG\r\n\x1a\n", "not a picture|damaged"),
        (b"\xff\xd8\xff\xe0", "not a picture|damaged"),
        (b"GIF89a", "not a picture|damaged"),
        (b"II*\0\x08\0\0\0", "not a picture|damaged"),
        (b"\0\0\0\x20ftypheic" + bytes(40), "not a picture|damaged"),
        (b"\xff\x0a" + bytes(100), "is a JPEG XL picture, which cannot be read here. Convert it"),
        (b"\0\0\0\x18ftypcrx " + bytes(40), "is a camera RAW file"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "is a film or"),
    ],
)
def test_what_is_no_picture_is_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    for read in (read_picture, picture_size):
        with pytest.raises(PictureError, match=rf"^odd\.png.*({sentence})"):
            read(path)


def test_bombs_are_refused_by_their_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(60_000, 60_000, 8, 2, b""))
    with pytest.raises(PictureError, match="60000 x 60000 pixels, more than"):
        read_picture(path)
    assert MAX_PIXELS >= 100_000_000


def test_extreme_shapes_are_read(tmp_path):
    for height, width in ((1, 1), (20, 20_000), (20_000, 20)):
        path = write_photo(tmp_path / f"{height}x{width}.png", np.full((height, width, 3), 7, np.uint8))
        assert read_picture(path).pixels.shape == (height, width, 3)


def test_numbers_that_are_no_pixels_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4, 3), np.float32), photometric="rgb")
    with pytest.raises(PictureError, match="not 8-bit or 16-bit"):
        read_picture(tmp_path / "a.tif")


def test_missing_and_unreadable_files_are_sentences(tmp_path):
    with pytest.raises(PictureError, match=r"gone\.png is no longer there"):
        read_picture(tmp_path / "gone.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PictureError, match=r"folder\.png is a folder"):
        read_picture(tmp_path / "folder.png")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
@pytest.mark.parametrize("read", [read_picture, picture_size])
def test_what_is_no_file_with_content_is_refused_and_not_waited_for(tmp_path, monkeypatch, kind, read):
    monkeypatch.chdir(tmp_path)  # the names of sockets are short
    path = Path("odd.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            server.bind(str(path))
        else:
            path.symlink_to("/dev/zero")
        with pytest.raises(PictureError, match=r"odd\.jpg cannot be read: it is a pipe, a socket or a device"):
            read(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
def test_a_file_without_permission_is_a_sentence(tmp_path):
    path = write_photo(tmp_path / "secret.png")
    path.chmod(0)
    code = (  # root may read everything, so it becomes nobody once all is imported
        "import os; from pathlib import Path; from training.contract.pictures import read_picture\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try: read_picture(Path('secret.png'))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    tmp_path.chmod(0o755)
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        result = subprocess.run(
            [sys.executable, "-c", code.replace("'secret.png'", f"'/proc/self/fd/{fd}/secret.png'")],
            capture_output=True,
            text=True,
            pass_fds=[fd],
            timeout=60,
            check=False,
        )
    finally:
        os.close(fd)
    assert "PictureError secret.png may not be read" in result.stdout, result.stderr


# Names


def test_names_tell_pictures_from_other_files():
    assert all(is_picture_name(name) for name in ("a.jpg", "B.JPEG", "c.tif", "d.HEIC", "фото.png", "a b\nc.webp"))
    assert not any(is_picture_name(name) for name in ("notes.txt", "Thumbs.db", "jpg", "a.jpg.bak", "a.NEF"))


def test_raw_kinds_are_named():
    assert raw_kind("DSC_0001.NEF") == "NEF"
    assert raw_kind("a.cr3") == "CR3"
    assert raw_kind("a.jpg") is None


@pytest.mark.parametrize(
    ("suffix", "bits", "alpha", "form"),
    [
        (".jpg", 8, False, "jpg"),
        (".jpg", 16, False, "png"),
        (".jpg", 8, True, "png"),
        (".HEIC", 8, False, "png"),
        (".gif", 8, False, "png"),
        (".tif", 16, True, "tiff"),
        (".webp", 8, True, "webp"),
        (".webp", 16, False, "png"),
        (".bmp", 8, False, "bmp"),
        (".bmp", 8, True, "png"),
    ],
)
def test_keep_means_the_source_format_where_it_can_hold_the_result(suffix, bits, alpha, form):
    assert output_format(suffix, "keep", bits=bits, has_alpha=alpha) == form


def test_a_suffix_keeps_its_spelling():
    assert suffix_for("jpg", ".JPEG") == ".JPEG"
    assert suffix_for("png", ".JPEG") == ".png"
    assert suffix_for("tiff", ".TIF") == ".TIF"
