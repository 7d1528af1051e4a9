"""What names of files say of pictures: which can be read, which are camera RAW, and what a result is called and stored as."""

from pathlib import PurePath
from typing import Literal

from training.contract.headers import Format

OutputFormat = Literal["jpg", "png", "webp", "tiff", "avif", "bmp"]

_SUFFIXES: dict[str, Format] = {
    ".jpg": "jpg",
    ".jpeg": "jpg",
    ".jpe": "jpg",
    ".jfif": "jpg",
    ".png": "png",
    ".apng": "png",
    ".webp": "webp",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".avif": "avif",
    ".bmp": "bmp",
    ".dib": "bmp",
    ".gif": "gif",
    ".heic": "heic",
    ".heif": "heic",
    ".hif": "heic",
    ".jp2": "jp2",
    ".ppm": "pnm",
    ".pgm": "pnm",
    ".pbm": "pnm",
    ".pnm": "pnm",
}
_WRITABLE: dict[Format, OutputFormat] = {"jpg": "jpg", "png": "png", "webp": "webp", "tiff": "tiff", "avif": "avif", "bmp": "bmp"}
_FIRST_SUFFIX: dict[OutputFormat, str] = {
    "jpg": ".jpg",
    "png": ".png",
    "webp": ".webp",
    "tiff": ".tif",
    "avif": ".avif",
    "bmp": ".bmp",
}
HOLDS_16_BITS = frozenset({"png", "tiff"})
HOLDS_ALPHA = frozenset({"png", "webp", "tiff", "avif"})
# fmt: off
_RAW_SUFFIXES = frozenset([
    "3fr", "ari", "arw", "bay", "braw", "cap", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq",
    "k25", "kdc", "mdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "ptx", "pxn", "r3d", "raf", "raw",
    "rw2", "rwl", "rwz", "sr2", "srf", "srw", "x3f",
])
# fmt: on


def named_format(name: str) -> Format | None:
    """The format that a file's name claims; None if it claims to be no picture that can be read here."""
    return _SUFFIXES.get(PurePath(name).suffix.lower())


def is_picture_name(name: str) -> bool:
    """Whether a file of this name claims to be a picture that can be read here."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def raw_kind(name: str) -> str | None:
    """The kind of a camera RAW file by its name, such as "NEF"; None for all else."""
    suffix = PurePath(name).suffix.lower()
    return suffix[1:].upper() if suffix[1:] in _RAW_SUFFIXES else None


def output_format(source_suffix: str, requested: Literal["keep"] | OutputFormat, *, bits: int, has_alpha: bool) -> OutputFormat:
    """The format of a result: "keep" means the source's by its name, or PNG where that cannot be written or hold the result."""
    if requested != "keep":
        return requested
    form = _WRITABLE.get(_SUFFIXES.get(source_suffix.lower(), "png"), "png")
    if (bits > 8 and form not in HOLDS_16_BITS) or (has_alpha and form not in HOLDS_ALPHA):
        return "png"
    return form


def suffix_for(format: OutputFormat, source_suffix: str) -> str:  # noqa: A002  # the word of the whole program
    """The suffix of a result: the source's own spelling where it names that format already."""
    return source_suffix if _SUFFIXES.get(source_suffix.lower()) == format else _FIRST_SUFFIX[format]
