"""A model as a file for other programs: written, loaded again, compared with torch on real pictures, and only then named."""

import errno
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import psutil

from p2p_desktop.inference.export_check import Comparison, Progress, compare, memory_for_comparing
from p2p_desktop.inference.exported_card import INPUT_NAME, OUTPUT_NAME, describe
from p2p_desktop.inference.onnx_file import LARGEST_BYTES, can_write_onnx, write_onnx
from p2p_desktop.inference.translator import StatisticsChoice, resolve_statistics
from p2p_desktop.placing import place
from training.contract.errors import ConfigError, P2PError, PictureError
from training.contract.model_file import file_digest, read_card, read_tensor_infos
from training.contract.progress import Report, Token

if TYPE_CHECKING:
    from training.contract.networks import Generator

log = logging.getLogger(__name__)

ExportFormat = Literal["onnx", "openvino"]
SUFFIXES: dict[ExportFormat, str] = {"onnx": ".onnx", "openvino": ".xml"}

MOST_DIFFERENCE = 1.0  # grey levels; float32 on both sides differs by some thousandths
FLOAT_BYTES = 4
SPARE_BYTES = 1 << 20  # for the description of the operators
WEIGHT_COPIES = 5
"""At the peak: torch's, the file's, OpenVINO's reordered; unet-256 (218 MB) peaked at 1.5 GB, unet-report (519 MB) at 2.9."""
LIBRARY_BYTES = 400 << 20  # torch and OpenVINO themselves
FULL_BYTES = 64 << 10  # a disk with less room is taken for full where a library does not say why it could not write
TEMPORARY_PREFIX = ".p2p-export-"
ABANDONED_SECONDS = 24 * 60 * 60  # no export takes that long: what is older was left by one that was killed


class ExportError(P2PError):
    """A model could not be exported. Nothing was left, and nothing that was there was changed."""


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be made of which model."""

    model: Path
    format: ExportFormat
    target: Path
    """Ends in the format's suffix. An OpenVINO file has a .bin beside it."""
    statistics: StatisticsChoice = "auto"
    overwrite: bool = False
    """Whether files in the way are replaced."""

    @property
    def targets(self) -> tuple[Path, ...]:
        """All files that come into being, the one that is opened first."""
        return (self.target, self.target.with_suffix(".bin")) if self.format == "openvino" else (self.target,)


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it."""

    files: tuple[Path, ...]
    num_bytes: int
    about: dict[str, str]
    """What the file says of itself (see exported_card.py)."""
    comparison: Comparison


def export_format(text: str) -> ExportFormat:
    """A wish given as text. Raises ConfigError."""
    if text not in get_args(ExportFormat):
        raise ConfigError(f"There is no format {text!r} to export to. Choose {' or '.join(get_args(ExportFormat))}.")
    return cast(ExportFormat, text)


def export_model(order: ExportOrder, pictures: Sequence[Path], report: Report[Progress], token: Token) -> Exported:
    """Export a model for any batch, height and width; the network's `multiple` divides both sides. Seconds; imports torch.

    `pictures`: real ones, to compare on. The files appear whole or not at all. Raises ConfigError for an order that cannot be,
    ModelError for a damaged model, ExportError for all else, Cancelled.
    """
    _check_order(order)
    card = read_card(order.model)
    statistics = resolve_statistics(card, order.statistics)
    about = describe(card, statistics, file_digest(order.model))
    num_bytes = FLOAT_BYTES * sum(prod(info.shape) for info in read_tensor_infos(order.model).values())
    _check_room(order, num_bytes)
    needed = WEIGHT_COPIES * num_bytes + LIBRARY_BYTES + memory_for_comparing(card.generator)
    if psutil.virtual_memory().available < needed:
        raise _memory_error(order, needed)
    from training.contract.networks import load_generator  # imports torch: what is wrong with the order is told before

    log.info("Exporting %s to %s", order.model, order.target)
    report(Progress(0, len(pictures), "writing"))
    try:
        with _workshop(order.target.parent) as folder:
            token.check()
            _, generator = load_generator(order.model, statistics)
            token.check()
            made = folder / f"model{SUFFIXES[order.format]}"
            _write(order, generator, made, about)
            comparison = compare(made, generator, card.frame, pictures, report, token)
            _check_comparison(comparison, order)
            files = [(made.with_suffix(target.suffix), target) for target in order.targets]
            written = sum(_kept(file) for file, _ in files)
            token.check()
            _place(files, order.overwrite, folder)
    except FileExistsError as error:
        raise _in_the_way(order.target) from error
    except OSError as error:
        raise _write_error(order.target, error) from error
    except MemoryError as error:
        raise _memory_error(order, needed) from error
    except PictureError as error:
        raise ExportError(f"There is nothing to compare the exported file on: {error} Install the program again.") from error
    return Exported(order.targets, written, about, comparison)


def _check_order(order: ExportOrder) -> None:
    """All that can be told at once. Raises ConfigError, ExportError."""
    suffix = SUFFIXES[order.format]
    if order.target.suffix != suffix or not order.target.stem:
        raise ConfigError(f"The name of a file for {order.format} ends in {suffix}, and {order.target.name!r} does not.")
    if order.format == "onnx" and not can_write_onnx():
        raise ExportError("Writing ONNX needs a package that is not installed. Install it: pip install 'p2p-desktop[export]'")
    folder = order.target.parent
    if not folder.is_dir():
        raise ExportError(f"The folder {folder} does not exist. Make it, or choose another.")
    for target in order.targets:
        if target.is_dir():
            raise ExportError(f"{target} is a folder. Choose another name.")
        if os.path.lexists(target) and not order.overwrite:
            raise _in_the_way(target)


def _check_room(order: ExportOrder, num_bytes: int) -> None:
    if order.format == "onnx" and num_bytes > LARGEST_BYTES:
        raise ExportError(f"{order.model.stem} is too large for ONNX, whose files hold 2 GB. Choose --to openvino.")
    try:
        free = shutil.disk_usage(order.target.parent).free
    except OSError as error:
        raise _write_error(order.target, error) from error
    if free < num_bytes + SPARE_BYTES:
        raise ExportError(
            f"The disk of {order.target.parent} is full: {order.model.stem} takes {(num_bytes + SPARE_BYTES) / 1e6:.0f} MB there. "
            "Free some space, or choose another folder."
        )


def _write(order: ExportOrder, generator: "Generator", made: Path, about: dict[str, str]) -> None:
    """Raises ExportError, MemoryError, OSError."""
    try:
        if order.format == "onnx":
            write_onnx(generator, made, (INPUT_NAME, OUTPUT_NAME), about)
        else:
            from p2p_desktop.inference.openvino_runtime import save_network  # heavy: only where it is used

            save_network(generator, made, (INPUT_NAME, OUTPUT_NAME), about)
    except RuntimeError as error:  # OpenVINO's for a disk as for a network, torch's for memory
        if shutil.disk_usage(made.parent).free < FULL_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        if "alloc" in str(error).lower():
            raise MemoryError(str(error)) from error
        raise ExportError(f"{order.model.stem} could not be written as {order.format}: {error}") from error


def _check_comparison(comparison: Comparison, order: ExportOrder) -> None:
    """Raises ExportError unless it is as near as it must be."""
    if comparison.num_pictures == 0:
        raise ExportError("The program's example pictures are missing, so nothing can be compared. Install the program again.")
    if not comparison.worst <= MOST_DIFFERENCE:  # nor if it is not a number
        raise ExportError(
            f"The exported file was thrown away: on the example pictures it gives other values than {order.model.stem} does in "
            f"torch, by up to {comparison.worst:.2f} grey levels of 255, where {MOST_DIFFERENCE:g} is allowed."
        )


@contextmanager
def _workshop(parent: Path) -> Iterator[Path]:
    """Give a folder in `parent` that is gone afterwards; those of exports that were killed long ago go, too."""
    for left in parent.glob(f"{TEMPORARY_PREFIX}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _kept(file: Path) -> int:
    """Make sure that a file's content outlives a power cut, before its name does; give its size in bytes."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
        return os.fstat(opened.fileno()).st_size


def _place(files: Sequence[tuple[Path, Path]], overwrite: bool, aside: Path) -> None:
    """Give files their names, the first last: it is the one that is opened. All or none; what they replace comes back if it fails.

    `aside`: a folder on the same disk. FileExistsError as `place`, OSError.
    """
    replaced, placed = [], []
    try:
        if (
            len(files) > 1 and overwrite
        ):  # two files cannot be replaced at one instant: neither may stand beside the other's old one
            for number, (_, target) in enumerate(files):
                if os.path.lexists(target):
                    place(target, aside / f"replaced-{number}", overwrite=True)
                    replaced.append((aside / f"replaced-{number}", target))
        for file, target in reversed(files):
            place(file, target, overwrite=overwrite)
            placed.append(target)
    except OSError:
        for target in placed:
            target.unlink(missing_ok=True)
        for file, target in replaced:
            file.replace(target)
        raise


def _in_the_way(target: Path) -> ExportError:
    return ExportError(f"{target} exists already. Choose another name, or replace it with --existing overwrite.")


def _write_error(target: Path, error: OSError) -> ExportError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ExportError(f"The disk of {target.parent} is full. Free some space, or choose another folder.")
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return ExportError(f"The folder {target.parent} cannot be written to ({error.strerror}). Choose another.")
    return ExportError(f"{target} could not be written: {error.strerror or error}.")


def _memory_error(order: ExportOrder, needed: int) -> ExportError:
    return ExportError(
        f"To export {order.model.stem} takes about {needed / 1e9:.1f} GB of memory, more than this computer has free. "
        "Close other programs and try again."
    )
