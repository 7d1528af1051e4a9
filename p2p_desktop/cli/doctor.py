"""`p2p-desktop doctor`: what this computer has, and whether the program works on it."""

import platform
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import psutil
import typer

from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.output import print_json
from p2p_desktop.cli.self_test.bench import ROOM, open_bench
from p2p_desktop.cli.self_test.parts import self_test as try_all
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.inference.device import Compute, choose_compute, num_cores, runtime_choice
from p2p_desktop.inference.graphics import Graphics, examine_graphics
from training.contract.errors import P2PError
from training.contract.version import __version__

PACKAGES = ("torch", "openvino", "opencv-python-headless", "numpy", "safetensors", "tifffile", "pi-heif", "PySide6-Essentials")
LOW_DISK_BYTES = 1 << 30
_LARGE_PHOTO = 4000, 6000  # pixels; what cameras make today
_SIDE = 256  # pixels of the picture that is timed
_NUM_TIMED = 7


def doctor_command(
    self_test: Annotated[
        bool, typer.Option("--self-test", help="Also try every part: models, files, window, trainer, Live; about a minute.")
    ] = False,
    device_only: Annotated[bool, typer.Option("--device-only", help="Only tell what computes here.", hidden=True)] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> int:
    """Check this computer and this installation. Exit code 0: all well; 3: with warnings; 1: something fails."""
    if device_only:
        return _tell_device(json)
    findings = []
    for finding in _examine(self_test):
        findings.append(finding)
        if json:
            print_json({"type": "finding"} | asdict(finding))
        else:
            print(f"{finding.state:<8} {finding.subject:<16} {_joined(finding.title, finding.message, finding.remedy)}")
    states = {finding.state for finding in findings}
    if "failed" in states:
        return 1
    return 3 if "warning" in states else 0


def _joined(*texts: str) -> str:
    """One line of several texts, with a full stop between them: what a library says may lack it."""
    *first, last = [text for text in texts if text]
    return " ".join([*(text if text.endswith(".") else f"{text}." for text in first), last])


def _tell_device(json: bool) -> int:
    """What is chosen where nothing is wished, for the window: it keeps torch out of its own process."""
    compute, graphics = choose_compute(), examine_graphics()
    if json:
        told = {"name": graphics.name, "reason": graphics.reason, "others": list(graphics.devices)}
        print_json({"type": "compute"} | asdict(compute) | told)
    else:
        print(f"{compute.runtime} on {compute.device}")
        if graphics.reason:
            print(f"{graphics.message} {graphics.remedy}")
    return 0


def _examine(self_test: bool) -> Iterator[Finding]:
    if not self_test:
        yield from _examine_computer([])
        return
    with ExitStack() as stack:
        try:
            bench = stack.enter_context(open_bench())
        except OSError as error:
            yield Finding("test", "failed", "The self-test has no folder to work in", f"{error}.", ROOM)
            return
        found: list[Surroundings] = []
        yield from _examine_computer(found)
        for here in found:
            yield from try_all(here.library, bench)


def _examine_computer(found: list[Surroundings]) -> Iterator[Finding]:
    """`found`: takes the surroundings, if the installation is complete."""
    title = f"P2P Desktop {__version__}"
    yield Finding("program", "ok", title, f"Python {platform.python_version()}, {platform.platform()}.")
    yield from _packages()
    graphics = examine_graphics()
    if graphics.reason:
        yield Finding("graphics", "warning", "Graphics card not used", graphics.message, graphics.remedy)
    try:
        here = Surroundings.find()
    except P2PError as error:
        yield Finding("models", "failed", "The installation is incomplete", str(error))
        return
    yield _device(here, graphics)
    yield _memory(here)
    yield from _disk(here)
    yield from _folders(here)
    yield from _models(here)
    found.append(here)


def _packages() -> Iterator[Finding]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("packages", "failed", "Packages are missing", ", ".join(missing) + ".", "Install the program again.")
    else:
        yield Finding("packages", "ok", "All packages are there", ", ".join(found) + ".")


def _device(here: Surroundings, graphics: Graphics) -> Finding:
    """What computes, and how fast."""
    try:
        compute = choose_compute(here.settings.device, runtime_choice(here.settings.runtime))
    except P2PError as error:
        return Finding("device", "failed", "The chosen device cannot be used", str(error), "Choose another device in the settings.")
    runtime = "OpenVINO" if compute.runtime == "openvino" else "PyTorch"
    name = "CPU" if compute.device == "cpu" else graphics.name or compute.device
    shipped = next((model for model in here.library.models() if model.origin == "shipped" and model.card), None)
    if shipped is None:
        message = "Its speed was not measured: no model came with the program."
        return Finding("device", "warning", f"{name} with {runtime} is chosen", message, "Install the program again.")
    try:
        milliseconds = _timed(here, shipped.path, compute)
    except (P2PError, ImportError, RuntimeError, MemoryError, OSError) as error:
        remedy = "Choose another device in the settings." if compute.device != "cpu" else "Install the program again."
        return Finding("device", "failed", f"{name} with {runtime} does not work", str(error), remedy)
    cores = num_cores(here.settings.threads)
    where = f"{cores} core{'s' if cores > 1 else ''}, " if compute.device == "cpu" else ""
    message = f"{where}{milliseconds:.0f} ms for a {_SIDE} x {_SIDE} picture with {shipped.name}."
    return Finding("device", "ok", f"{name} with {runtime} works", message)


def _timed(here: Surroundings, model: Path, compute: Compute) -> float:
    """Milliseconds for one small picture: the median of some, after one that does not count."""
    import numpy as np  # with the translator, heavy: only where it is used

    from p2p_desktop.inference.translator import Translator

    picture = np.random.default_rng(0).integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)
    with Translator.load(
        model, device=compute.device, runtime=compute.runtime, cache=here.paths.cache, threads=here.settings.threads
    ) as translator:
        translator(picture)
        times = []
        for _ in range(_NUM_TIMED):
            began = time.perf_counter()
            translator(picture)
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _memory(here: Surroundings) -> Finding:
    from p2p_desktop.inference.translator import default_memory_budget  # heavy: only here

    memory = psutil.virtual_memory()
    budget = here.settings.memory_budget or default_memory_budget()
    height, width = _LARGE_PHOTO
    # The decoded picture, its result and the file on the way, beside what translating takes.
    needed = budget + 4 * 3 * height * width
    said = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB free"
    if needed > memory.available:
        remedy = "Close other programs, or lower the memory budget in the settings."
        return Finding("memory", "warning", "Little memory", f"{said}, not enough for 24-megapixel photos.", remedy)
    return Finding("memory", "ok", "Memory", f"{said}, enough for 24-megapixel photos in tiles.")


def _disk(here: Surroundings) -> Iterator[Finding]:
    """Room where results are written, and where models and runs are kept."""
    places = {"where results are written": _results_folder(here), "where models are kept": _kept_folder(here)}
    free: dict[int, tuple[int, list[str]]] = {}  # by disk: two places may lie on one
    for place, path in places.items():
        existing = _first_existing(path)
        try:
            disk, room = existing.stat().st_dev, shutil.disk_usage(existing).free
        except OSError as error:
            yield Finding("disk", "warning", "Disk", f"{existing} cannot be asked for its room: {error.strerror}.")
            continue
        free.setdefault(disk, (room, []))[1].append(place)
    low = False
    for room, words in free.values():
        if room < LOW_DISK_BYTES:
            low = True
            said = f"Only {room / 1e6:.0f} MB free {' and '.join(words)}."
            yield Finding("disk", "warning", "The disk is nearly full", said, "Delete or move what you do not need.")
    if free and not low:
        said = ", ".join(f"{room / 1e9:.0f} GB free {' and '.join(words)}" for room, words in free.values())
        yield Finding("disk", "ok", "Disk", f"{said}.")


def _folders(here: Surroundings) -> Iterator[Finding]:
    """Whether the user's folders, or the first ones above them that exist, can be written to."""
    folders = {name: getattr(here.paths, name) for name in ("data", "config", "cache", "logs")}
    if here.settings.output:
        folders["results"] = Path(here.settings.output)
    if here.settings.models_folder:
        folders["models"] = Path(here.settings.models_folder)
    good = True
    for name, path in folders.items():
        probe = _first_existing(path) / f".p2p-doctor-{psutil.Process().pid}"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            good = False
            remedy = "Change its permissions, or choose another folder in the settings."
            title = f"The folder for {name} cannot be written to"
            yield Finding(f"folder {name}", "failed", title, f"{path}: {error.strerror}.", remedy)
    if good:
        yield Finding("folders", "ok", "Folders", f"All can be written to. Data is in {here.paths.data}")


def _results_folder(here: Surroundings) -> Path:
    try:
        return Path(here.settings.output) if here.settings.output else Path.home()
    except RuntimeError:  # there is no home
        return here.paths.data


def _kept_folder(here: Surroundings) -> Path:
    return Path(here.settings.models_folder) if here.settings.models_folder else here.paths.data


def _first_existing(path: Path) -> Path:
    """The folder, or the nearest above it that is there: it will be made when something is put into it."""
    return next((folder for folder in (path, *path.parents) if folder.exists()), Path())


def _models(here: Surroundings) -> Iterator[Finding]:
    models = here.library.models()
    for model in models:
        if model.problem:
            title = f"The model {model.name} cannot be used"
            yield Finding(f"model {model.name}", "warning", title, model.problem, "Remove it, or add it again.")
    good = sum(not model.problem for model in models)
    if good:
        yield Finding("models", "ok", "Models", f"{good} of {len(models)} can be opened.")
    else:
        yield Finding("models", "failed", "There are no models", "The installation is incomplete.", "Install the program again.")
