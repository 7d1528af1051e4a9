"""`p2p-desktop doctor --self-test`: does every part of this installation work? From source or frozen, by its own commands.

All happens in one temporary folder, and nothing may ask the network meanwhile.
"""

import contextlib
import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from p2p_desktop.child import own_command
from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.limited_child import Ended, Hear, run_limited
from p2p_desktop.cli.stored_pictures import compare, example_for, stored_folder
from p2p_desktop.models.library import Library, Model
from p2p_desktop.network_guard import FORBID_VARIABLE, NetworkGuard, read_watched
from p2p_desktop.paths import HOME_VARIABLE, resources
from p2p_desktop.runs.run_folder import create_run
from training.contract.errors import P2PError
from training.contract.protocol import CHECKPOINTS, write_order

log = logging.getLogger(__name__)

LIMIT_S = 180.0  # for one child; all together take a quarter of it on two slow cores
LIVE_FRAMES = 12
TRAINED_STEPS = 2  # after which the order to stop is given
AGAIN = "Install the program again."
_PLACES = 5  # pages of the window
_CI_VARIABLES = ("CI", "TF_BUILD", "JENKINS_URL")  # where one is set, telemetry keeps still that would speak on a person's computer
_NUM_PAIRS, _PAIR_SIDE = 8, 64  # drawn pairs, and the pixels of a picture's side

TrainerCommand = Callable[[Path], Sequence[str]]
"""Of the path of a config."""


@dataclass(slots=True)
class Bench:
    """Where the tests take place."""

    folder: Path
    network: Path
    """What the guards of all processes write into."""
    limit_s: float = LIMIT_S
    num_well: int = field(default=1, init=False)
    """Processes that have to be in that file: this one, and the children that ended well."""

    @property
    def cache(self) -> Path:
        return self.folder / "home" / "cache"

    def run(self, name: str, command: Sequence[str], codes: Sequence[int] = (0,), hear: Hear | None = None) -> Ended:
        """Run a child in a folder and a home of the bench."""
        folder = self.folder / name
        folder.mkdir()
        platform = os.environ.get("QT_QPA_PLATFORM") or "offscreen"
        environment: Mapping[str, str | None] = {
            HOME_VARIABLE: str(self.folder / "home"),
            FORBID_VARIABLE: str(self.network),
            "QT_QPA_PLATFORM": platform,
        }
        ended = run_limited(command, folder, environment, self.limit_s, hear)
        self.num_well += not ended.complaint(codes)
        return ended


@contextlib.contextmanager
def open_bench() -> Iterator[Bench]:
    """A folder that is removed at the end; until then this process is kept off the network. Raises OSError."""
    were_set = {name: os.environ.pop(name) for name in _CI_VARIABLES if name in os.environ}
    with tempfile.TemporaryDirectory(prefix="p2p-self-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        guard = NetworkGuard(folder / "network.jsonl")
        try:
            yield Bench(folder, folder / "network.jsonl")
        finally:
            guard.lift()
            os.environ.update(were_set)


def self_test(library: Library, bench: Bench) -> Iterator[Finding]:
    """Try every part, and tell of each as soon as it is known."""
    models = [model for model in library.models() if model.origin == "shipped" and model.card is not None]
    for model in models:
        yield _attempt(model.name, partial(try_model, model, bench))
    yield _attempt("window", partial(try_window, bench))
    yield _attempt("trainer", partial(try_trainer, bench))
    yield _attempt("live", partial(try_live, models, bench))
    yield _attempt("network", partial(judge_network, bench))


def _attempt(part: str, work: Callable[[], Finding]) -> Finding:
    try:
        return work()
    except Exception as error:  # an installation that lacks a part, and a disk that is full, fail in any way
        log.info("%s could not be tested", part, exc_info=True)
        return _broken(part, f"The test of {part} broke down", f"{type(error).__name__}: {error}.")


def try_model(model: Model, bench: Bench, stored: Path | None = None) -> Finding:
    """Whether both runtimes make of the example what was made of it before the model was shipped.

    `stored`: the folder of what was made.
    """
    worst = 0.0
    try:
        expected = _stored_picture((stored or stored_folder()) / f"{model.name}.png")
        for runtime in ("torch", "openvino"):
            difference = compare(_translated(model, runtime, bench.cache), expected)
            if not difference.agrees:
                said = f"On {runtime} its result differs by up to {difference.worst:.0f} grey levels from what it should be."
                return _broken(model.name, f"The model {model.name} gives other results", said)
            worst = max(worst, difference.worst)
    except P2PError as error:
        return _broken(model.name, f"The model {model.name} does not work", str(error))
    said = f"torch and OpenVINO give what they should, within {worst:.1f} grey levels."
    return Finding(f"test {model.name}", "ok", f"The model {model.name} works", said)


def try_window(bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether the window opens, shows every page, and closes. `command` stands in for the window's."""
    ended = bench.run("window", command or own_command("window-check"))
    pages = ended.lines_of("page")
    complaint = " ".join([*(str(line.get("message")) for line in ended.lines_of("failed")), ended.complaint()]).strip()
    if not complaint and len(pages) != _PLACES:
        complaint = f"It showed {len(pages)} of its {_PLACES} pages."
    if complaint:
        return _broken("window", "The window does not work", complaint)
    first = sum(line["first_paint_ms"] for line in ended.lines_of("first_paint")) / 1000
    slowest = max(pages, key=lambda line: float(line["ms"]))
    said = f"Painted {first:.1f} s after its start; the slowest page, {slowest['page']}, took {slowest['ms'] / 1000:.1f} s."
    return Finding("test window", "ok", "The window works", said)


def try_trainer(bench: Bench, command: TrainerCommand | None = None) -> Finding:
    """Whether the trainer makes steps, obeys, and leaves a checkpoint and a model. `command` stands in for the trainer's."""
    title = "The trainer does not work"
    try:
        config = _make_run(bench.folder / "pairs", bench.folder / "run")
    except P2PError as error:
        return _broken("trainer", title, str(error))
    run, steps = config.parent, 0

    def hear(event: dict[str, Any]) -> None:  # Any: JSON
        nonlocal steps
        steps += event.get("type") == "step"
        if steps == TRAINED_STEPS and event.get("type") == "step":
            write_order(run, "stop")

    # By our own first word and not by `python -m training`: so the guard of the network is there before the trainer.
    ended = bench.run("trainer", (command or _trainer)(config), hear=hear)
    last = ended.lines[-1] if ended.lines else {}
    complaint = " ".join([*(str(line.get("message")) for line in ended.lines_of("failed")), ended.complaint()]).strip()
    if not complaint:
        complaint = _missing_of_run(run, last, steps)
    if complaint:
        return _broken("trainer", title, complaint)
    said = f"It made {steps} steps, stopped when it was told to, and left a checkpoint and a model."
    return Finding("test trainer", "ok", "The trainer works", said)


def try_live(models: Sequence[Model], bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether frames of the shipped clip come out translated. `command` stands in for Live's, and is given the same words."""
    title = "Live does not work"
    try:
        clip, model = resources() / "clips" / "people.mp4", _for_frames(models)
    except P2PError as error:
        return _broken("live", title, str(error))
    words = ("live", "--camera", str(clip), "-m", str(model.path), "--frames", str(LIVE_FRAMES), "--device", "cpu", "--json")
    ended = bench.run("live", [*command, *words] if command else own_command(*words))
    summaries = ended.lines_of("summary")
    if ended.complaint() or not summaries:
        return _broken("live", title, ended.complaint() or f"It told nothing. Its last words: {ended.words}")
    summary = summaries[-1]
    if summary["frames_out"] < LIVE_FRAMES:
        return _broken("live", title, f"{summary['frames_out']} of {LIVE_FRAMES} frames came out.")
    said = f"{summary['frames_out']} frames with {model.name}, the slowest in twenty {summary['latency_ms_p95']:.0f} ms late."
    return Finding("test live", "ok", "Live works", said)


def judge_network(bench: Bench) -> Finding:
    """Whether anything asked the network since the bench was there."""
    try:
        watched = read_watched(bench.network)
    except OSError as error:
        return _broken("network", "Whether the network was asked is not known", f"{error}.")
    if watched.attempts:
        said = f"It was refused {len(watched.attempts)} times, first: {watched.attempts[0]}."
        remedy = "Tell whoever made this program; nothing of it should."
        return Finding("test network", "failed", "Something asked the network", said, remedy)
    if len(watched.processes) < bench.num_well:
        said = f"{len(watched.processes)} of {bench.num_well} processes were watched."
        return _broken("network", "Whether the network was asked is not known", said)
    return Finding("test network", "ok", "Nothing asked the network", f"{len(watched.processes)} processes were watched.")


def _broken(part: str, title: str, message: str) -> Finding:
    return Finding(f"test {part}", "failed", title, message, AGAIN)


def _stored_picture(path: Path) -> Any:  # Any: NumPy, imported where it is used
    from training.contract.pictures import read_picture  # OpenCV: only here

    return read_picture(path).pixels


def _translated(model: Model, runtime: str, cache: Path) -> Any:  # Any: as above
    from p2p_desktop.inference.device import runtime_choice
    from p2p_desktop.inference.translator import Translator  # heavy: only here

    with Translator.load(model.path, device="cpu", runtime=runtime_choice(runtime), cache=cache) as translator:
        return translator(example_for(translator.card.frame))


def _for_frames(models: Sequence[Model]) -> Model:
    """The first that takes what cameras give. Raises ModelError."""
    from p2p_desktop.live.frame_translator import check_takes_frames
    from training.contract.errors import ModelError

    for model in models:
        with contextlib.suppress(ModelError):
            if model.card is not None:
                check_takes_frames(model.card)
                return model
    raise ModelError("No model came with the program that takes a camera's frames.")


def _trainer(config: Path) -> list[str]:
    return own_command("trainer", "run", "--config", str(config))


def _make_run(pairs: Path, run: Path) -> Path:
    """Draw a few pairs and ask for a run that learns them with little; its config. Raises P2PError."""
    from p2p_desktop.runs.run_folder import TrainerError
    from training.contract.config import recommended  # OpenCV: only here

    try:
        _draw_pairs(pairs)
    except OSError as error:
        raise TrainerError(f"Its pictures cannot be written: {error.strerror}.") from error
    changes = {"device": "cpu", "crop_size": "64", "load_size": "64", "batch_size": "1", "steps": "1000000", "ngf": "8"}
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
