"""Makes odd picture files for tests: each as a program in the world would write it."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

DATA = Path(__file__).parent / "data"

# A linear profile that names its primaries, built by hand: header, four tags, minimal curves.
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' + (
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6" tiff:Make="P2P"/></rdf:RDF></x:xmpmeta>'
)


def photo(height=48, width=64, channels=3, dtype=np.uint8, seed=0):
    """A smooth picture with four differently coloured corners, so that every turn shows. [H, W, C]."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(20, 236, (2, 2, channels)).astype(np.float32)
    picture = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, channels)
    return np.rint(picture if dtype == np.uint8 else picture * 257 + 13).astype(dtype)


def icc_profile(size=0):
    """A small RGB display profile that libpng and libjpeg accept; `size` pads it to at least so many bytes."""

    def tag(kind, content):
        return kind + bytes(4) + content

    def xyz(x, y, z):
        return tag(b"XYZ ", struct.pack(">iii", *(round(value * 65536) for value in (x, y, z))))

    text = b"P2P test\0"
    description = tag(b"desc", struct.pack(">I", len(text)) + text + bytes(12 + 67))
    curve = tag(b"curv", struct.pack(">IH", 1, 0x0233)) + bytes(2)
    tags = {
        b"desc": description,
        b"cprt": tag(b"text", b"CC0" + bytes(max(1, size))),
        b"wtpt": xyz(0.9642, 1, 0.8249),
        b"rXYZ": xyz(0.4361, 0.2225, 0.0139),
        b"gXYZ": xyz(0.3851, 0.7169, 0.0971),
        b"bXYZ": xyz(0.1431, 0.0606, 0.7141),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", offset + len(body), len(content))
        body += content
    total = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", total, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ") + bytes(12)
    header += b"acsp" + bytes(4 + 4 + 4 + 4 + 8 + 4) + struct.pack(">iii", 63190, 65536, 54061) + bytes(48)
    return header[:128] + table + body


def exif_block(orientation=1, thumbnail=b"", order="<"):
    """Make, orientation and an exposure time in a sub-directory; with a thumbnail if one is given."""
    pack = lambda kind, *values: struct.pack(order + kind, *values)  # noqa: E731  # a short word for a short life
    make = b"P2P Camera\0"
    exif_at = 8 + 2 + 3 * 12 + 4
    make_at = exif_at + 2 + 12 + 4 + 8
    second_at = make_at + len(make) + len(make) % 2
    block = (b"II" if order == "<" else b"MM") + pack("HI", 42, 8)
    block += pack("H", 3)
    block += pack("HHII", 0x010F, 2, len(make), make_at)
    block += pack("HHIHH", 0x0112, 3, 1, orientation, 0)
    block += pack("HHII", 0x8769, 4, 1, exif_at)
    block += pack("I", second_at if thumbnail else 0)
    block += pack("H", 1) + pack("HHII", 0x829A, 5, 1, exif_at + 18) + pack("I", 0) + pack("II", 1, 250)
    block += make + bytes(len(make) % 2)
    if thumbnail:
        thumbnail_at = second_at + 2 + 2 * 12 + 4
        block += pack("H", 2) + pack("HHII", 0x0201, 4, 1, thumbnail_at) + pack("HHII", 0x0202, 4, 1, len(thumbnail))
        block += pack("I", 0) + thumbnail
    return block


def encoded(suffix, picture, exif=None, xmp=None, icc=None, options=()):
    """Bytes of a file as OpenCV writes it, with raw metadata blocks. `picture`: [H, W, 1|3|4] RGB(A)."""
    kinds, blocks = [], []
    for kind, block in ((cv2.IMAGE_METADATA_EXIF, exif), (cv2.IMAGE_METADATA_XMP, xmp), (cv2.IMAGE_METADATA_ICCP, icc)):
        if block is not None:
            if kind == cv2.IMAGE_METADATA_XMP and suffix == ".jpg":
                block = b"http://ns.adobe.com/xap/1.0/\0" + block
            kinds.append(kind)
            blocks.append(np.frombuffer(block, np.uint8))
    code = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[picture.shape[2]]
    pixels = picture if code is None else cv2.cvtColor(picture, code)
    ok, data = cv2.imencodeWithMetadata(suffix, pixels, kinds, blocks, list(options))
    assert ok
    return data.tobytes()


def write_photo(path, picture=None, **metadata):
    """Write a file whose suffix names its format, and give its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(path.suffix.lower(), photo() if picture is None else picture, **metadata))
    return path


def png(width, height, bits, colour_type, rows, chunks=()):
    """A PNG built chunk by chunk. `rows`: raw bytes with a filter byte before each row."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))
    body = b"".join(chunk(kind, content) for kind, content in chunks)
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def animation(suffix, num_frames=3):
    frames = cv2.Animation()
    frames.frames = [photo(seed=seed) for seed in range(num_frames)]
    frames.durations = [100] * num_frames
    ok, data = cv2.imencodeanimation(suffix, frames)
    assert ok
    return data.tobytes()
