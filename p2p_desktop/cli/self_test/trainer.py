"""Whether the trainer makes steps, obeys, and leaves what it should."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from p2p_desktop.child import own_command
from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import ROOM, Bench, broken, remedy_after
from p2p_desktop.runs.run_folder import TrainerError, create_run
from training.contract.errors import P2PError
from training.contract.protocol import CHECKPOINTS, write_order

TRAINED_STEPS = 2  # after which the order to stop is given
_NUM_PAIRS, _PAIR_SIDE = 8, 64  # drawn pairs, and the pixels of a picture's side

TrainerCommand = Callable[[Path], Sequence[str]]
"""Of the path of a config."""


def try_trainer(bench: Bench, command: TrainerCommand | None = None) -> Finding:
    """Whether the trainer makes steps, obeys, and leaves a checkpoint and a model. `command` stands in for the trainer's."""
    title = "The trainer does not work"
    try:
        config = _make_run(bench.folder / "pairs", bench.folder / "run")
    except P2PError as error:
        return broken("trainer", title, str(error), ROOM)
    run, steps = config.parent, 0

    def hear(event: dict[str, Any]) -> None:  # Any: JSON
        nonlocal steps
        steps += event.get("type") == "step"
        if steps == TRAINED_STEPS and event.get("type") == "step":
            write_order(run, "stop")

    # By our own first word and not by `python -m training`: so the guard of the network is there before the trainer.
    ended = bench.run("trainer", (command or _trainer)(config), hear=hear)
    last = ended.lines[-1] if ended.lines else {}
    complaint = ended.complaint
    if not complaint:
        complaint = _missing_of_run(run, last, steps)
    if complaint:
        return broken("trainer", title, complaint, remedy_after(ended))
    said = f"It made {steps} steps, stopped when it was told to, and left a checkpoint and a model."
    return Finding("test trainer", "ok", "The trainer works", said)


def _trainer(config: Path) -> list[str]:
    return own_command("trainer", "run", "--config", str(config))


def _make_run(pairs: Path, run: Path) -> Path:
    """Draw a few pairs and ask for a run that learns them with little; its config. Raises P2PError."""
    from training.contract.config import recommended  # OpenCV: only here

    try:
        _draw_pairs(pairs)
    except OSError as error:
        raise TrainerError(f"Its pictures cannot be written: {error.strerror}.") from error
    changes = {
        "device": "cpu",
        "crop_size": "64",
        "load_size": "64",
        "batch_size": "1",
        "steps": "1000000",
        "ngf": "8",
        "workers": "1",  # a process of its own, as on computers with many cores
    }
    never = dict.fromkeys(("validate_every", "sample_every", "checkpoint_every"), "1000000")
    return create_run(recommended("pairs", pairs, "quick").changed(changes | never), run)


def _draw_pairs(folder: Path) -> None:
    """Squares on a slope of colours, and the same in other colours, in A and B. Raises OSError."""
    import numpy as np

    from training.contract.metadata import Metadata
    from training.contract.picture_writing import encode_picture
    from training.contract.pictures import Picture

    slope = np.linspace(0, 255, _PAIR_SIDE)
    for number in range(_NUM_PAIRS):
        rgb = np.dstack(np.broadcast_arrays(slope[None], slope[:, None], 255 - slope[None])).astype(np.uint8)
        place = slice(4 * number, 4 * number + 24)
        rgb[place, place] = 32 * number, 255 - 16 * number, 128
        for side, pixels in (("A", rgb), ("B", 255 - rgb)):
            (folder / side).mkdir(parents=True, exist_ok=True)
            data = encode_picture(Picture(pixels, None, Metadata(), "png", ()), "png").data
            (folder / side / f"{number}.png").write_bytes(data)


def _missing_of_run(run: Path, last: Mapping[str, Any], steps: int) -> str:  # Any: JSON
    """What a run that was stopped has not left, as a sentence; empty if it is all there."""
    from training.contract.model_file import read_card

    if last.get("type") != "stopped" or steps < TRAINED_STEPS:
        return f"It made {steps} steps and did not end as it was told to: {json.dumps(dict(last))}."
    if not any((run / CHECKPOINTS).glob("*")):
        return "It left no checkpoint."
    if not last.get("model"):
        return "It left no model."
    try:
        read_card(run / str(last["model"]))
    except P2PError as error:
        return str(error)
    return ""
