"""The modes about pairs: check what a folder holds, write pairs to look at, show what the network will see."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from training.contract.config import TrainConfig
from training.contract.encodings import LAB_L_HALF, Pixels, decode, join_lab, split_alpha, to_8_bit, to_grey
from training.contract.errors import ConfigError, PairingError, PictureError
from training.contract.framing import resize
from training.contract.metadata import Metadata
from training.contract.pairing import PairFiles, Pairs, find_pairs
from training.contract.picture_writing import encode_picture
from training.contract.pictures import Picture, picture_size, read_picture
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result, Warned
from training.dataset import TrainingPairs, make_pair
from training.reading import MAX_STRETCH, Side, Sides, arranged, read_pair, sides_of
from training.registration import Registration, Shift
from training.samples import join_shown

LEAST_MEASURED = 0.02  # share of a depth map that must be measured to be worth learning from
MAX_FAR = 0.2  # share of its measurements beyond the range
TELLING_BITS = 24  # of 256: pictures with fewer have too little in them to be told apart by their looks
SAME_LOOK = 10  # bits of 256 that may differ between a picture and its copy
MAX_LABELS = 64  # colours that a picture of labels may have, before some of them are strays
SHOWN_SIDE = 512  # pixels
STREAM = 4  # of random numbers: apart from those of training and measuring


@dataclass(frozen=True, slots=True)
class PairsRequest:
    config: TrainConfig
    out: Path | None = None
    """Folder for what is made or shown."""
    count: int = 0
    """Pairs to make or show; 0: all."""

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ConfigError."""
        try:
            data = json.loads(text)
            out, count = data.get("out"), data.get("count", 0)
            config = TrainConfig.from_json(json.dumps(data["config"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigError(f"The request about pairs is not complete: {error}.") from error
        if not isinstance(out, str | None) or type(count) is not int or count < 0:
            raise ConfigError("The request about pairs needs a folder (out) and a number (count).")
        return cls(config, Path(out) if out else None, count)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a pair that its owner should know."""

    code: str
    """lonely ambiguous unreadable shape size depth range labels duplicate misaligned"""
    pair: str
    files: tuple[str, ...]
    message: str


def check_pairs(request: PairsRequest, report: Report[Event], token: Token) -> None:
    """Look at every pair; one `result` event with what was found. Raises PairingError if there is none, Cancelled."""
    config = request.config
    found = _all_pairs(config)
    findings = list(_of_names(found))
    every = (*found.train, *found.held_out)
    seen = _Seen()
    for index, files in enumerate(every):
        token.check()
        findings += _of_pair(files, found.layout, config, seen)
        report(Progress(index + 1, len(every), "checking"))
    common = seen.registration.common_shift
    if common is not None:
        message = f"All pairs together: B lies off, {_words(common)}. Were the two cameras aligned?"
        findings.insert(0, Finding("misaligned", "", (), message))
    report(
        Result(
            {
                "layout": found.layout,
                "sides": list(found.sides),
                "split_by": found.split_by,
                "pairs": {"train": len(found.train), "val": len(found.held_out)},
                "findings": [
                    {"code": item.code, "pair": item.pair, "files": list(item.files), "message": item.message} for item in findings
                ],
            }
        )
    )


def make_pairs(request: PairsRequest, report: Report[Event], token: Token) -> None:
    """Write what the task makes of each picture into `out/input` and `out/target`, which train as a task of their own.

    Depth is written as 16-bit PNG. What cannot be read is a `warning`. Raises PairingError, OSError, Cancelled.
    """
    config = request.config
    if config.task_spec.source == "found":
        raise ConfigError(f"The task {config.task} finds its pairs, so none are made.")
    if request.out is None:
        raise ConfigError("Making pairs needs a folder to write to (out).")
    found = _all_pairs(config)
    every = (*found.train, *found.held_out)[: request.count or None]
    kinds, written = sides_of(config), 0
    for index, files in enumerate(every):
        token.check()
        try:
            sides = read_pair(files, found.layout, kinds)
        except PictureError as error:
            report(Warned(0, "picture_left_out", str(error)))
            continue
        source, target = make_pair(sides, config, np.random.default_rng([config.seed, STREAM, index]))
        if config.task_spec.source == "grey":
            source = to_grey(source)
        for name, pixels in (("input", source), ("target", target)):
            _write(request.out / name / f"{files.name}.png", pixels)
        written += 1
        report(Progress(index + 1, len(every), "making"))
    report(Result({"out": str(request.out), "pairs": written}))


def show_pairs(request: PairsRequest, report: Report[Event], token: Token) -> None:
    """Write PNGs of input and target as the network will see them, jitter and all; a `result` event names them.

    Raises PairingError, OSError, Cancelled.
    """
    config = request.config
    if request.out is None:
        raise ConfigError("Showing pairs needs a folder to write to (out).")
    found = _all_pairs(config)
    pairs = TrainingPairs(config, found.train, found.layout)
    shown = []
    for index in range(min(request.count or 8, len(pairs))):
        token.check()
        pair = pairs[index // len(pairs), index]
        if isinstance(pair, PairingError):
            raise pair
        seen, wanted = (np.ascontiguousarray(tensor.permute(1, 2, 0).numpy()) for tensor in (pair.input_CHW, pair.target_CHW))
        path = request.out / f"{index:03}.png"
        parts = [_visible(seen, config.encodings[0].name, config), _target(seen, wanted, config)]
        _write(path, join_shown(parts, SHOWN_SIDE, config.labelled_side))
        shown.append({"pair": pairs.files[index].name, "file": str(path)})
        report(Progress(index + 1, min(request.count or 8, len(pairs)), "drawing"))
    report(Result({"out": str(request.out), "shown": shown}))


def _all_pairs(config: TrainConfig) -> Pairs:
    other = Path(config.data_b) if config.data_b else None
    found = arranged(find_pairs(Path(config.data), config.task_spec.wanted, other=other, seed=config.seed), config)
    if not found.train and not found.held_out and not found.lonely:
        raise PairingError(f"There are no pictures in {config.data}.")
    return found


def _of_names(found: Pairs) -> Iterator[Finding]:
    for path in found.lonely:
        yield Finding("lonely", path.stem, (str(path),), f"{path.name} has no partner.")
    for path in found.ambiguous:
        yield Finding("ambiguous", path.stem, (str(path),), f"{path.name} shares its name with another picture of its folder.")


class _Seen:
    """What was met before: contents of files, and how pictures look."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self.looks: list[tuple[int, str]] = []
        self.registration = Registration()

    def meet(self, files: PairFiles, sides: Sides) -> str:
        """The pair that this one repeats, or ""."""
        digest = hashlib.sha256(files.a.read_bytes()).hexdigest()
        before = self.contents.setdefault(digest, files.name)
        if before != files.name:
            return before
        look = _look(sides.first) if sides.kinds[0].is_photo else 0
        if look.bit_count() < TELLING_BITS:
            return ""
        alike = next((name for other, name in self.looks if (look ^ other).bit_count() <= SAME_LOOK), "")
        self.looks.append((look, files.name))
        return alike


def _of_pair(files: PairFiles, layout: str, config: TrainConfig, seen: _Seen) -> Iterator[Finding]:
    paths = tuple(str(path) for path in files[1:] if path)
    try:
        yield from _of_sizes(files, paths)
        sides = read_pair(files, layout, sides_of(config))
    except PictureError as error:
        yield Finding("shape" if "different shapes" in str(error) else "unreadable", files.name, paths, str(error))
        return
    yield from _of_stored(files, layout, paths, sides.kinds)
    for pixels, kind in zip((sides.first, sides.second), sides.kinds, strict=True):
        if pixels is not None:
            yield from _of_content(pixels, kind, config, files.name, paths)
    before = seen.meet(files, sides)
    if before:
        yield Finding("duplicate", files.name, paths, f"{files.name} repeats the picture of {before}.")
    if sides.second is not None:
        shift = seen.registration.look(sides.first, sides.second)
        if shift is not None:
            yield Finding("misaligned", files.name, paths, f"{files.name}: B seems to lie off, {_words(shift)}.")


def _words(shift: Shift) -> str:
    (down, right) = shift
    return f"{abs(down):.1%} {'down' if down > 0 else 'up'} and {abs(right):.1%} to the {'right' if right > 0 else 'left'}"


def _of_sizes(files: PairFiles, paths: tuple[str, ...]) -> Iterator[Finding]:
    if files.b is None:
        return
    first, second = picture_size(files.a), picture_size(files.b)
    stretch = first[1] / first[0] / (second[1] / second[0])
    if first != second and 1 / MAX_STRETCH <= stretch <= MAX_STRETCH:
        words = f"{first[1]} x {first[0]} and {second[1]} x {second[0]}"
        yield Finding("size", files.name, paths, f"{files.name}: A and B have different sizes, {words}; the smaller one counts.")


def _of_stored(files: PairFiles, layout: str, paths: tuple[str, ...], kinds: tuple[Side, Side]) -> Iterator[Finding]:
    """Bits that are read and thrown away."""
    for path, kind in zip((files.a, files.b), kinds, strict=True):
        if path is None or kind.encoding.bits == 16 or (layout == "strips" and path is files.b):
            continue
        if read_picture(path).pixels.dtype == np.uint16:
            yield Finding("mode", files.name, paths, f"{path.name} has 16 bits a channel; {kind.encoding.name} keeps 8 of them.")


def _of_content(pixels: Pixels, kind: Side, config: TrainConfig, name: str, paths: tuple[str, ...]) -> Iterator[Finding]:
    if kind.encoding.is_depth:
        scale = config.frame.depth
        metres = scale.metres(pixels)
        known = metres > 0
        if known.mean() < LEAST_MEASURED:
            yield Finding("range", name, paths, f"{name}: only {known.mean():.1%} of the depth is measured.")
        elif (metres[known] > scale.range_m).mean() > MAX_FAR:
            share = (metres[known] > scale.range_m).mean()
            yield Finding("range", name, paths, f"{name}: {share:.0%} of the depths lie beyond depth_range, {scale.range_m:g} m.")
    elif kind.is_label:
        colours = len(np.unique(pixels.reshape(-1, pixels.shape[2]), axis=0))
        if colours > MAX_LABELS:
            yield Finding("labels", name, paths, f"{name}: {colours} colours for labels; were they smoothed, or saved as JPEG?")
    elif int(np.ptp(pixels)) == 0:
        yield Finding("range", name, paths, f"{name}: a picture has one colour only.")


def _look(pixels: Pixels) -> int:
    """256 bits that hardly differ between pictures which look the same, whatever their size and quality (difference hash)."""
    grey = to_grey(np.ascontiguousarray(to_8_bit(pixels)[..., :3] if pixels.shape[2] >= 3 else to_8_bit(pixels)[..., :1]))
    small = resize(grey, (16, 17))[..., 0].astype(int)
    bits = (small[:, 1:] > small[:, :-1] + 2).ravel()
    return int("".join("1" if bit else "0" for bit in bits), 2)


def _visible(values_HWC: np.ndarray, encoding: str, config: TrainConfig) -> Pixels:
    """Pixels of what the network sees, as far as eyes can see it."""
    depth = config.frame.depth
    match encoding:
        case "filled_depth16":
            return decode(np.ascontiguousarray(values_HWC[..., 1:]), "depth16", np.uint16, depth)
        case "rgb_depth16":
            return decode(np.ascontiguousarray(values_HWC[..., :3]), "rgb8", np.uint8)
        case "depth16":
            return decode(values_HWC, "depth16", np.uint16, depth)
    return split_alpha(decode(values_HWC, encoding, np.uint8))[0]  # type: ignore[arg-type]  # an encoding's name


def _target(input_HWC: np.ndarray, target_HWC: np.ndarray, config: TrainConfig) -> Pixels:
    if config.encodings[1].name == "lab_ab":
        return join_lab(np.ascontiguousarray((input_HWC[..., 0] + 1) * LAB_L_HALF), target_HWC, np.uint8)
    return _visible(target_HWC, config.encodings[1].name, config)


def _write(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    colours, alpha = split_alpha(pixels)
    encoded = encode_picture(Picture(colours, alpha, Metadata(), "png", ()), "png")
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(encoded.data)
    temporary.replace(path)
