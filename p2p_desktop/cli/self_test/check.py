"""`p2p-desktop self-check`, a child of the self-test: what would take a program with it that lacks a library."""

import argparse
import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from p2p_desktop.cli.output import print_json
from p2p_desktop.cli.self_test.stored_pictures import compare, example_for, stored_folder
from p2p_desktop.inference.device import runtime_choice
from p2p_desktop.paths import resources, user_paths
from training.contract.errors import P2PError, PictureError

CHECK = "self-check"
"""The word that leads here; no command for people."""
RUNTIMES = ("torch", "openvino")
PHONE = "corners.heic"
"""A drawn picture, of the one kind that is read and never written."""
_PHONE_CORNER = (30, 30, 200)  # RGB of its upper left, once it is turned as its EXIF says
_CLOSE = 6.0  # grey levels, in the mean, that a format may lose


def run_check(words: Sequence[str]) -> int:
    """Check one thing, print a JSON line for each part of it, and give the exit code: 0 if all could be tried."""
    parser = argparse.ArgumentParser(prog=f"p2p-desktop {CHECK}")
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("formats")
    kinds.add_parser("model").add_argument("name")
    options = parser.parse_args(list(words))
    try:
        for line in _formats() if options.kind == "formats" else _model(options.name):
            print_json(line)
    except P2PError as error:
        print_json({"type": "failed", "message": str(error)})
        return 1
    return 0


def _model(name: str) -> Iterator[dict[str, Any]]:  # Any: JSON
    """How far each runtime's result is from the stored one. Raises P2PError."""
    from p2p_desktop.inference.translator import Translator
    from training.contract.pictures import read_picture

    expected = read_picture(stored_folder() / f"{name}.png").pixels
    path, cache = resources() / "models" / f"{name}.safetensors", user_paths().cache
    for runtime in RUNTIMES:
        with Translator.load(path, device="cpu", runtime=runtime_choice(runtime), cache=cache) as translator:
            difference = compare(translator(example_for(translator.card.frame)), expected)
        yield {"type": "difference", "runtime": runtime, "worst": difference.worst, "agrees": difference.agrees}


def _formats() -> Iterator[dict[str, Any]]:  # Any: JSON
    """The kinds of file that were written and read again, and the one that is only read. Raises PictureError, ConfigError."""
    import numpy as np

    from training.contract.metadata import Metadata
    from training.contract.picture_names import OutputFormat, suffix_for
    from training.contract.picture_writing import encode_picture
    from training.contract.pictures import Picture, read_picture

    rgb = example_for(None)
    with tempfile.TemporaryDirectory(prefix="p2p-formats-", ignore_cleanup_errors=True) as folder:
        for kind in get_args(OutputFormat):
            path = Path(folder) / f"example{suffix_for(kind, '')}"
            try:
                path.write_bytes(encode_picture(Picture(rgb, None, Metadata(), kind, ()), kind).data)
            except OSError as error:
                raise PictureError(f"{path.name} cannot be written: {os.strerror(error.errno or errno.EIO)}.") from error
            read = read_picture(path).pixels
            if read.shape != rgb.shape or float(np.abs(read.astype(np.int16) - rgb).mean()) > _CLOSE:
                raise PictureError(f"A picture that was written as {kind} is another one when it is read.")
            yield {"type": "format", "format": kind}
    corner = read_picture(stored_folder() / PHONE).pixels[4, 4].astype(np.int16)
    if float(np.abs(corner - _PHONE_CORNER).mean()) > _CLOSE:
        raise PictureError("A phone's picture (HEIC) is read with other colours than it has.")
    yield {"type": "format", "format": "heic"}
