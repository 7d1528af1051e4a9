"""`p2p-desktop doctor --self-test`: every part of the program does once what it is there for, from source or frozen.

What can take others down, or must not be imported here, is a child process: the window, the trainer, Live. All of them work in
one temporary folder, and are kept off the network meanwhile.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2p_desktop import child
from p2p_desktop.cli.findings import Finding
from p2p_desktop.inference.device import RuntimeChoice
from p2p_desktop.models.library import Library, Model
from p2p_desktop.network_guard import FORBID_VARIABLE, NetworkGuard, read_watched
from p2p_desktop.paths import HOME_VARIABLE, resources
from training.contract.config import recommended
from training.contract.errors import P2PError
from training.contract.protocol import CONFIG, EVENTS, LOG, Step, Stopped, parse_event, write_order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIME_LIMIT = 240  # seconds for each part; a slow computer takes a tenth of it
AGREEMENT = 1, 4  # grey levels by which a result may differ from the stored one: nearly everywhere, and anywhere
_COUNTS = 20  # of a 16-bit picture that count as a grey level here: 20 mm of a depth
_NEARLY_EVERYWHERE = 0.999  # of the values
_SIDE = 160  # pixels of the example's middle, which stored results were made of
_NUM_FRAMES = 10
_REMEDY = "Install the program again. If that does not help, send the report."
_LAST_CHARACTERS = 600  # of a part that failed
STORED = "self_test"
"""Below the program's resources: what each shipped model made of the example when it was shipped."""


def self_test(library: Library, *, commands: "Commands | None" = None) -> Iterator[Finding]:
    """Try the parts one after the other. `commands` stand in for the program's own."""
    commands = commands or Commands()
    with tempfile.TemporaryDirectory(prefix="p2p-self-test-", ignore_cleanup_errors=True) as folder:
        place = Path(folder)
        attempts = place / "network.jsonl"
        with _off_the_network(attempts):
            shipped = [model for model in library.models() if model.origin == "shipped" and model.card is not None]
            for model in shipped:
                yield from _guarded(f"test {model.name}", f"The model {model.name}", try_model(model, place / "cache"))
            yield from _guarded("test window", "The window", _try_window(commands, place))
            yield from _guarded("test trainer", "The trainer", _try_trainer(commands, place))
            if shipped:
                yield from _guarded("test live", "Live", _try_live(commands, place, shipped[0].path))
        yield _network_finding(attempts)


class Commands:
    """How the children of the test are started: by our own door, at which they are kept off the network, the trainer too."""

    def own(self, *words: str) -> list[str]:
        return child.own_command(*words)


class PartFailed(P2PError):
    """A part of the program does not do what it is there for."""


def _guarded(subject: str, title: str, found: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of a part; if it breaks off, that is one. Whatever breaks is what is looked for here."""
    try:
        yield from found
    except Exception as error:  # noqa: BLE001
        said = str(error) if isinstance(error, P2PError) else f"{type(error).__name__}: {error}"
        yield Finding(subject, "failed", f"{title} does not work", said, _REMEDY)


# --- models


def try_model(model: Model, cache: Path) -> Iterator[Finding]:
    """Translate the example on both CPU runtimes, and compare with what the model made of it when it was shipped."""
    import numpy as np  # with the translator, heavy: only where it is used

    from training.contract.pictures import read_picture

    stored_file = resources() / STORED / f"{model.name}.png"
    if not stored_file.exists():
        raise PartFailed(f"Its stored result is missing: {stored_file.name}.")
    stored = read_picture(stored_file).pixels
    level = _COUNTS if stored.dtype == np.uint16 else 1
    worst, share = 0.0, 1.0
    runtimes: tuple[RuntimeChoice, ...] = ("torch", "openvino")
    for runtime in runtimes:
        made = translate_example(model, runtime, cache)
        if made.shape != stored.shape or made.dtype != stored.dtype:
            raise PartFailed(f"{runtime} makes a picture of another size or kind than it should.")
        difference = np.abs(made.astype(np.int32) - stored) / level
        worst, share = max(worst, float(difference.max())), min(share, float(np.mean(difference <= AGREEMENT[0])))
    words = f"torch and OpenVINO make what they should, within {worst:.1f} grey levels."
    if worst > AGREEMENT[1] or share < _NEARLY_EVERYWHERE:
        raise PartFailed(
            f"What it makes differs from what it should by up to {worst:.1f} grey levels, in {1 - share:.1%} of the values."
        )
    yield Finding(f"test {model.name}", "ok", f"The model {model.name} was tried", words)


def translate_example(model: Model, runtime: RuntimeChoice, cache: Path) -> "NDArray[np.generic]":
    """What a model makes of the middle of the first example: uint8 or uint16 [H, W, C]. Raises P2PError."""
    from p2p_desktop.inference.translator import Translator  # heavy, as above
    from p2p_desktop.inference.trial_picture import source_for
    from training.contract.pictures import read_picture

    if model.card is None:
        raise PartFailed(model.problem)
    example = read_picture(sorted((resources() / "examples").glob("*.jpg"))[0]).pixels
    top, left = (example.shape[0] - _SIDE) // 2, (example.shape[1] - _SIDE) // 2
    source = source_for(example[top : top + _SIDE, left : left + _SIDE], model.card.frame)
    with Translator.load(model.path, device="cpu", runtime=runtime, cache=cache) as translator:
        return translator(source)


# --- children


def _try_window(commands: Commands, place: Path) -> Iterator[Finding]:
    lines = _answers(commands.own("window-check"), place)
    pages = [line["page"] for line in lines if line.get("type") == "page"]
    paint = next((line["first_paint_ms"] for line in lines if line.get("type") == "window"), None)
    if not pages or paint is None:
        raise PartFailed("It did not say what it painted.")
    words = f"{', '.join(page.capitalize() for page in pages)} were painted, the first after {paint / 1000:.1f} s."
    yield Finding("test window", "ok", "The window was tried", words)


def _try_live(commands: Commands, place: Path, model: Path) -> Iterator[Finding]:
    clip = next((resources() / "clips").glob("*.mp4"), None)
    if clip is None:
        raise PartFailed("The example clip is missing.")
    words = [
        "live",
        "--camera",
        str(clip),
        "-m",
        str(model),
        "--frames",
        str(_NUM_FRAMES),
        "--size",
        "256",
        "--device",
        "cpu",
        "--json",
    ]
    summary = next((line for line in _answers(commands.own(*words), place) if line.get("type") == "summary"), None)
    if summary is None or summary["frames_out"] < _NUM_FRAMES:
        raise PartFailed(f"{0 if summary is None else summary['frames_out']} of {_NUM_FRAMES} frames came out.")
    said = f"{summary['fps']:.0f} frames a second of the example clip, {summary['latency_ms_p95']:.0f} ms behind at most (95 %)."
    yield Finding("test live", "ok", "Live was tried", said)


def _try_trainer(commands: Commands, place: Path) -> Iterator[Finding]:
    """Two steps, an order to stop, and what a stopped run leaves."""
    run = place / "run"
    run.mkdir()
    config = recommended("deblur", resources() / "examples", "quick")
    small = replace(
        config, steps=100_000, crop_size=64, batch_size=2, device="cpu", threads=1, validate_every=10**6, sample_every=10**6
    )
    (run / CONFIG).write_text(small.to_json(), encoding="utf-8")
    with (run / LOG).open("ab") as words:
        process = child.start(
            commands.own("trainer", "run", "--config", str(run / CONFIG)), stderr=words, environment=_surroundings(place)
        )
    with _ended(process):
        # Its stdout is not read: a few lines fit into the pipe, and the file says the same.
        until, steps, is_ordered = time.monotonic() + TIME_LIMIT, 0, False
        while process.poll() is None:
            if time.monotonic() > until:
                raise PartFailed(f"It made {steps} steps in {TIME_LIMIT} s and did not end.")
            steps = sum(isinstance(event, Step) for event in _events(run))
            if steps >= 2 and not is_ordered:
                write_order(run, "stop")
                is_ordered = True
            time.sleep(0.1)
    events = _events(run)
    if process.returncode != 0 or not any(isinstance(event, Stopped) for event in events):
        said = (run / LOG).read_text(encoding="utf-8", errors="replace")[-_LAST_CHARACTERS:].strip()
        raise PartFailed(f"It ended with code {process.returncode} after {steps} steps. {said}")
    if not list((run / "checkpoints").iterdir()):
        raise PartFailed("It stopped, and left no checkpoint.")
    yield Finding("test trainer", "ok", "The trainer was tried", f"{steps} steps, stopped when it was told to.")


def _events(run: Path) -> list[Any]:  # Any: events of the protocol
    try:
        lines = (run / EVENTS).read_text(encoding="utf-8", errors="replace").split("\n")[:-1]
    except FileNotFoundError:
        return []
    return [event for line in lines if (event := parse_event(line)) is not None]


def _answers(command: Sequence[str], place: Path) -> list[dict[str, Any]]:  # Any: JSON
    """The JSON lines of a child that ends well. Raises PartFailed with its last words, OSError."""
    log = place / f"{command[-1].strip('-')}.log"
    with log.open("wb") as words:
        process = child.start(command, stderr=words, environment=_surroundings(place))
    with _ended(process):
        try:
            said, _ = process.communicate(timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            raise PartFailed(f"It did not end within {TIME_LIMIT} s.") from None
    if process.returncode != 0:
        last = log.read_text(encoding="utf-8", errors="replace")[-_LAST_CHARACTERS:].strip()
        raise PartFailed(f"It ended with code {process.returncode}. {last}")
    return [json.loads(line) for line in said.decode("utf-8", errors="replace").splitlines() if line.startswith("{")]


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Whatever happens meanwhile, the child is gone afterwards."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _surroundings(place: Path) -> dict[str, str]:
    """Children keep nothing of the test, and find nothing of the person's."""
    return {HOME_VARIABLE: str(place / "home")}


# --- the network


@contextmanager
def _off_the_network(attempts: Path) -> Iterator[None]:
    """This process, and by a variable all those that it starts."""
    before = os.environ.get(FORBID_VARIABLE)
    guard = NetworkGuard(attempts)
    os.environ[FORBID_VARIABLE] = str(attempts)
    try:
        yield
    finally:
        guard.lift()
        if before is None:
            del os.environ[FORBID_VARIABLE]
        else:
            os.environ[FORBID_VARIABLE] = before


def _network_finding(attempts: Path) -> Finding:
    watched = read_watched(attempts)
    if watched.attempts:
        words = f"{len(watched.attempts)} attempts, the first: {watched.attempts[0]}"
        return Finding("test network", "failed", "Something wanted to use the network", words, _REMEDY)
    return Finding("test network", "ok", "Nobody used the network", f"{len(watched.processes)} processes were watched.")
