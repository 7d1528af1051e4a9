import pytest

from p2p_desktop.live.mjpeg import MOST_BYTES, BrokenStreamError, JpegEnd, PartReader
from tests.live.clips import drawn_frame, jpeg_of

JPEG, OTHER = jpeg_of(drawn_frame(5)), jpeg_of(drawn_frame(6))


def part(picture: bytes, *, boundary: str = "--b", has_length: bool = True, line: bytes = b"\r\n") -> bytes:
    length = b"Content-length:%d" % len(picture) + line if has_length else b""
    return boundary.encode() + line + b"Content-Type: image/jpeg" + line + length + line + picture + line


@pytest.mark.parametrize("has_length", [True, False])
@pytest.mark.parametrize("line", [b"\r\n", b"\n"])
@pytest.mark.parametrize(("named", "sent"), [("b", "--b"), ("--b", "--b"), ("--b", "----b"), ("b", "b")])
def test_parts_are_found_however_they_are_cut(has_length, line, named, sent):
    data = b"".join(part(picture, boundary=sent, has_length=has_length, line=line) for picture in (JPEG, OTHER))
    for step in (1, 7, 1000, len(data)):
        reader = PartReader(named)
        parts = [found for at in range(0, len(data), step) for found in reader.feed(data[at : at + step])]
        assert parts == [JPEG, OTHER]


def test_a_picture_without_length_is_whole_at_its_own_end():
    assert PartReader("b").feed(part(JPEG, has_length=False)[:-2]) == [JPEG]


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture():
    thumbnail = b"\xff\xe1" + (2 + len(OTHER)).to_bytes(2, "big") + OTHER
    picture = JPEG[:2] + thumbnail + JPEG[2:]
    assert PartReader("b").feed(part(picture, has_length=False)) == [picture]
    assert JpegEnd().find(bytearray(picture[:-1])) is None


def test_what_is_no_picture_lasts_until_the_next_boundary():
    assert PartReader("b").feed(part(b"words", has_length=False) + part(JPEG)) == [b"words", JPEG]


def test_a_part_without_a_header_is_read():
    assert PartReader("b").feed(b"--b\r\n\r\n" + JPEG + b"\r\n--b--\r\n") == [JPEG]


def test_empty_parts_are_left_out():
    assert PartReader("b").feed(part(b"") + part(JPEG)) == [JPEG]


def test_reading_goes_on_after_rubbish():
    assert PartReader("b").feed(b"\x00rubbish\r\n" * 100 + part(JPEG)) == [JPEG]


def test_a_part_that_is_too_large_is_refused():
    with pytest.raises(BrokenStreamError):
        PartReader("b").feed(b"--b\r\nContent-Length: %d\r\n\r\n" % (MOST_BYTES + 1))


def test_a_part_without_end_is_refused():
    reader = PartReader("b")
    reader.feed(b"--b\r\n\r\n\xff\xd8")
    reader.feed(bytes(MOST_BYTES - 100))
    with pytest.raises(BrokenStreamError):
        reader.feed(bytes(100))


def test_a_header_without_end_is_refused():
    with pytest.raises(BrokenStreamError):
        PartReader("b").feed(b"--b\r\n" + b"X: y\r\n" * 20_000)
