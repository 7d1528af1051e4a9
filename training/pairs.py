"""The modes about pairs: check what a folder holds, write pairs to look at, show what the network will see."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from training.contract.config import TrainConfig
from training.contract.encodings import LAB_L_HALF, Pixels, decode, join_lab, split_alpha, to_grey
from training.contract.errors import ConfigError, PairingError, PictureError
from training.contract.metadata import Metadata
from training.contract.pairing import PairFiles, Pairs
from training.contract.picture_writing import encode_picture
from training.contract.pictures import Picture
from training.contract.progress import Report, Token
from training.contract.protocol import Event, Progress, Result, Warned
from training.dataset import TrainingPairs, make_pair
from training.findings import Inspection, findings_of_names
from training.reading import Sides, read_pair, sides_of, split_pairs, told_of_names, told_of_pairs, too_few
from training.samples import join_shown

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


def check_pairs(request: PairsRequest, report: Report[Event], token: Token) -> None:
    """Look at every pair; one `result` event with what was found. Raises PairingError if there is none, Cancelled."""
    config = request.config
    found = _all_pairs(config)
    parts = ((found.train, False), (found.held_out, True))
    every = (*found.train, *found.held_out)
    for code, sentence in told_of_names(found):
        report(Warned(0, code, sentence))
    findings = list(findings_of_names(found, config))
    inspection = Inspection(found, config)
    for index, files in enumerate(every):
        token.check()
        findings += inspection.look(files)
        report(Progress(index + 1, len(every), "checking"))
    findings = [*inspection.all_together(), *findings]
    report(
        Result(
            {
                "layout": found.layout,
                "sides": list(found.sides),
                "split_by": found.split_by,
                "pairs": {"train": len(found.train), "val": len(found.held_out)},
                "findings": [asdict(item) for item in findings],
                "every": [_listed(files, is_held_out) for part, is_held_out in parts for files in part],
                "order": [list(keys) for keys in found.order],
            }
        )
    )


def make_pairs(request: PairsRequest, report: Report[Event], token: Token) -> None:
    """Write what the task makes of each picture into folders of `out`, which a training reads as they are.

    These are `input` and `target`; where a photograph goes in beside its depth, `rgb` and `depth`, of which a training takes away
    again, and `sparse`, one way to do so. Depth is written as 16-bit PNG. What is left out is told by a `warning`. Raises
    PairingError, OSError, Cancelled.
    """
    config = request.config
    if config.task_spec.source == "found":
        raise ConfigError(f"The task {config.task} finds its pairs, so none are made.")
    if request.out is None:
        raise ConfigError("Making pairs needs a folder to write to (out).")
    found = _all_pairs(config)
    for code, sentence in told_of_pairs(found, config):
        report(Warned(0, code, sentence))
    every = (*found.train, *found.held_out)[: request.count or None]
    if not every:
        raise PairingError(too_few(found, config))
    kinds, written, folders = sides_of(config), 0, set[str]()
    for index, (files, name) in enumerate(zip(every, _free_names(every), strict=True)):
        token.check()
        try:
            sides = read_pair(files, found.layout, kinds)
        except PictureError as error:
            report(Warned(0, "picture_left_out", str(error)))
            continue
        made = _made(sides, config, np.random.default_rng([config.seed, STREAM, index]))
        for folder, pixels in made.items():
            _write(request.out / folder / f"{name}.png", pixels)
        folders.update(made)
        written += 1
        report(Progress(index + 1, len(every), "making"))
    report(Result({"out": str(request.out), "pairs": written, "folders": sorted(folders)}))


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
        pair = pairs[0, index]
        if isinstance(pair, PairingError):
            raise pair
        seen, wanted = (np.ascontiguousarray(tensor.permute(1, 2, 0).numpy()) for tensor in (pair.input_CHW, pair.target_CHW))
        path = request.out / f"{index:03}.png"
        parts = [_visible(seen, config.encodings[0].name, config), _target(seen, wanted, config)]
        _write(path, join_shown(parts, SHOWN_SIDE, config.labelled_side))
        shown.append({"pair": pairs.files[index].name, "file": str(path)})
        report(Progress(index + 1, min(request.count or 8, len(pairs)), "drawing"))
    report(Result({"out": str(request.out), "shown": shown}))


def _listed(files: PairFiles, is_held_out: bool) -> dict[str, Any]:  # Any: JSON
    paths = [str(path) for path in (files.a, files.b) if path]
    return {"key": files.key, "pair": files.name, "files": paths, "held_out": is_held_out}


def _all_pairs(config: TrainConfig) -> Pairs:
    found = split_pairs(config)
    if not (found.train or found.held_out or found.lonely or found.unfit):
        raise PairingError(f"There are no pictures in {config.data}.")
    return found


def _made(sides: Sides, config: TrainConfig, rng: np.random.Generator) -> dict[str, Pixels]:
    """The pictures of a made pair by the folders that they belong into."""
    source, target = make_pair(sides, config, rng)
    if config.encodings[0].name == "rgb_depth16":
        return {"rgb": sides.both[0], "depth": target, "sparse": np.ascontiguousarray(source[..., 3:])}
    return {"input": to_grey(source) if config.task_spec.source == "grey" else source, "target": target}


def _free_names(pairs: Sequence[PairFiles]) -> Iterator[str]:
    """A name of its own for each: x.jpg and x.png, or X.jpg and x.jpg, must not be written over each other."""
    taken, given = {pair.name.casefold() for pair in pairs}, set[str]()
    for pair in pairs:
        name, number = pair.name, 1
        while name.casefold() in given or (number > 1 and name.casefold() in taken):
            number += 1
            name = f"{pair.name}-{number}"
        given.add(name.casefold())
        yield name


def _visible(values_HWC: np.ndarray, encoding: str, config: TrainConfig) -> Pixels:
    """Pixels of what the network sees, as far as eyes can see it."""
    depth = config.frame.depth
    match encoding:
        case "filled_depth16" | "surface_depth16":
            return decode(np.ascontiguousarray(values_HWC[..., 1:2]), "depth16", np.uint16, depth)
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
