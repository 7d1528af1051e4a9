"""What a PNG holds beside its pixels, byte for byte: OpenCV's libpng drops colour profiles that it finds fault with."""

import struct
import zlib
from collections.abc import Iterator, Mapping

from training.contract.metadata import Metadata

_SIGNATURE_BYTES, _IHDR_BYTES = 8, 25
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_MAX_KEYWORD = 79  # bytes (PNG specification, 11.3.4.2)
_MAX_INFLATED = 64 << 20  # bytes of a profile or of XMP: a small file must not fill the memory


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, start, stop) of each chunk's content; stops where the file is cut off."""
    position = _SIGNATURE_BYTES
    while position + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, position)
        yield name, position + 8, position + 8 + size
        position += size + 12


def is_sound(data: bytes) -> bool:
    """Whether all that pixels are made of is there and unchanged: libpng only warns where pixels are missing."""
    name = b""
    for name, start, stop in chunks(data):
        is_critical = name[:1].isupper()
        if is_critical and data[stop : stop + 4] != struct.pack(">I", zlib.crc32(memoryview(data)[start - 4 : stop])):
            return False
        if name == b"IEND":
            return True
    return False


def read_blocks(data: bytes) -> Metadata:
    """EXIF, XMP and the colour profile of a PNG; what cannot be unpacked is left out."""
    exif = xmp = icc = None
    for name, start, stop in chunks(data):
        if name == b"eXIf":
            exif = data[start:stop].removeprefix(b"Exif\0\0")
        elif name == b"iCCP":
            _, _, packed = data[start:stop].partition(b"\0")
            icc = _inflated(packed[1:])
        elif name == b"iTXt" and data.startswith(_XMP_KEYWORD + b"\0", start):
            text = data[start + len(_XMP_KEYWORD) + 1 : stop]  # is it packed, how, language, translated keyword, text
            words = text[2:].split(b"\0", 2)
            if len(words) == 3:
                xmp = _inflated(words[2]) if text[0] else words[2]
        elif name == b"tEXt" and data.startswith(_XMP_KEYWORD + b"\0", start):  # as OpenCV 5.0 writes it, with a stray byte
            text = data[start + len(_XMP_KEYWORD) + 1 : stop]
            xmp = text[: text.rfind(b">") + 1]
    return Metadata(exif or None, xmp or None, icc or None)


def with_blocks(png: bytes, metadata: Metadata) -> bytes:
    """Insert metadata into a PNG that has none, where they must stand: before its palette and pixels."""
    added = b""
    if metadata.icc is not None:
        added += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc))
    if metadata.exif is not None:
        added += _chunk(b"eXIf", metadata.exif)
    if metadata.xmp is not None:
        added += _chunk(b"iTXt", _XMP_KEYWORD + bytes(5) + metadata.xmp)
    return _inserted(png, added)


def with_texts(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Insert texts by keyword as iTXt chunks, which hold any character (PNG specification, 11.3.4.5).

    ValueError for a keyword that PNG does not take: 1 to 79 printable Latin-1 characters.
    """
    added = b""
    for keyword, text in texts.items():
        name = keyword.encode("latin-1")
        if not 1 <= len(name) <= _MAX_KEYWORD or not keyword.isprintable():
            raise ValueError(f"{keyword!r} is no keyword of a PNG")
        # Two bytes say that nothing is packed; neither a language nor a translated keyword follows.
        added += _chunk(b"iTXt", name + b"\0" + bytes(2) + b"\0\0" + text.replace("\0", "").encode("utf-8", "replace"))
    return _inserted(png, added)


def read_texts(data: bytes) -> dict[str, str]:
    """Texts by keyword; of two with one keyword, the first. What cannot be unpacked is left out."""
    texts: dict[str, str] = {}
    for name, start, stop in chunks(data):
        if name not in (b"iTXt", b"tEXt", b"zTXt"):
            continue
        keyword, _, rest = data[start:stop].partition(b"\0")
        content: bytes | None = rest
        if name == b"zTXt":
            content = _inflated(rest[1:])
        elif name == b"iTXt":
            parts = rest[2:].split(b"\0", 2)
            content = None if len(parts) < 3 else _inflated(parts[2]) if rest[0] else parts[2]
        if content is not None:
            text = content.decode("utf-8" if name == b"iTXt" else "latin-1", "replace")
            texts.setdefault(keyword.decode("latin-1"), text)
    return texts


def _inserted(png: bytes, added: bytes) -> bytes:
    """Put chunks where any may stand: behind the header, before palette and pixels."""
    border = _SIGNATURE_BYTES + _IHDR_BYTES
    return b"".join([png[:border], added, png[border:]]) if added else png


def _inflated(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(packed, _MAX_INFLATED)
    except zlib.error:
        return None


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
