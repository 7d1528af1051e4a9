"""`p2p-desktop doctor`: what this computer has, and whether the program works on it."""

import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import psutil
import typer

from p2p_desktop.cli.output import print_json
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.inference.device import Compute, choose_compute, may_have_cuda, num_cores
from training.contract.errors import P2PError
from training.contract.version import __version__

PACKAGES = ("torch", "openvino", "opencv-python-headless", "numpy", "safetensors", "tifffile", "pi-heif", "PySide6-Essentials")
LOW_DISK_BYTES = 1 << 30
AGREEMENT = 1  # grey levels that runtimes may differ by (design 3.2)
_LARGE_PHOTO = 4000, 6000  # pixels; what cameras make today
_SIDE = 256  # pixels of the picture that is timed
_NUM_TIMED = 7
_NVIDIA_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_ASK_DRIVER = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
_ASK_TIMEOUT_S = 10

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str  # for machines: does not change between versions
    state: State
    title: str
    message: str = ""
    remedy: str = ""  # what to do about it


@dataclass(frozen=True, slots=True)
class Graphics:
    """What is known of graphics cards. unused: why one that is there is not used, and what to do; "" if none is left unused."""

    devices: tuple[str, ...]  # as choose_compute takes them
    name: str
    unused: str
    remedy: str


def doctor_command(
    self_test: Annotated[bool, typer.Option("--self-test", help="Also convert an example on every runtime and compare.")] = False,
    device_only: Annotated[bool, typer.Option("--device-only", help="Only tell what computes here.")] = False,
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
            said = " ".join(filter(None, (f"{finding.title}.", finding.message, finding.remedy)))
            print(f"{finding.state:<8} {finding.subject:<14} {said}")
    states = {finding.state for finding in findings}
    if "failed" in states:
        return 1
    return 3 if "warning" in states else 0


def _tell_device(json: bool) -> int:
    compute = choose_compute()
    graphics = _graphics()
    if json:
        print_json(
            {
                "type": "compute",
                "device": compute.device,
                "runtime": compute.runtime,
                "name": graphics.name,
                "unused": graphics.unused,
                "others": list(graphics.devices),
            }
        )
    else:
        print(f"{compute.runtime} on {compute.device}" + (f"; {graphics.unused}" if graphics.unused else ""))
    return 0


def _examine(self_test: bool) -> Iterator[Finding]:
    title = f"P2P Desktop {__version__}"
    yield Finding("program", "ok", title, f"Python {platform.python_version()}, {platform.platform()}")
    yield from _packages()
    try:
        here = Surroundings.find()
        compute = choose_compute(here.settings.device)
    except P2PError as error:
        yield Finding("device", "failed", "The device cannot be used", str(error), "Choose another device in the settings.")
        return
    yield from _device(here, compute)
    yield _memory(here)
    for name in ("data", "config", "cache", "logs"):
        yield _folder(name, getattr(here.paths, name))
    yield from _models(here)
    if self_test:
        yield from _self_test(here)


def _packages() -> Iterator[Finding]:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing and not getattr(sys, "frozen", False):
        yield Finding("packages", "failed", "Packages are missing", ", ".join(missing) + ".", "Install the program again.")
    elif found:
        yield Finding("packages", "ok", "All packages are there", ", ".join(found))


def _device(here: Surroundings, compute: Compute) -> Iterator[Finding]:
    """What computes, how fast; and a graphics card that does not, with the reason."""
    graphics = _graphics()
    if graphics.unused:
        yield Finding("graphics", "warning", "Graphics card not used", graphics.unused, graphics.remedy)
    title = "CPU with OpenVINO works" if compute.runtime == "openvino" else f"{graphics.name or compute.device} with PyTorch works"
    cores = num_cores(here.settings.threads)
    shipped = next((model for model in here.library.models() if model.origin == "shipped" and model.card), None)
    if shipped is None:
        yield Finding("device", "warning", title, "Its speed could not be measured: no model came with the program.")
        return
    try:
        milliseconds = _timed(here, shipped.path, compute)
    except (P2PError, RuntimeError, MemoryError) as error:
        title = f"{compute.runtime} does not work on {compute.device}"
        yield Finding("device", "failed", title, str(error), "Choose another device.")
        return
    where = f"{cores} core{'s' if cores > 1 else ''}, " if compute.device == "cpu" else ""
    yield Finding("device", "ok", title, f"{where}{milliseconds:.0f} ms for a {_SIDE} x {_SIDE} picture with {shipped.name}.")


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


def _graphics() -> Graphics:
    """Ask the driver, and torch where there is something to ask."""
    name, driver = _nvidia_card()
    if sys.platform == "darwin" and platform.machine() == "arm64":
        import torch  # heavy: only here

        usable = torch.backends.mps.is_available()
        why, remedy = ("", "") if usable else ("This system's Metal cannot be used by PyTorch.", "Update macOS, then check again.")
        return Graphics(("mps",) if usable else (), "Apple graphics", why, remedy)
    if not may_have_cuda() and not name:
        return Graphics((), "", "", "")
    import torch  # as above

    if torch.cuda.is_available():
        return Graphics(tuple(f"cuda:{index}" for index in range(torch.cuda.device_count())), torch.cuda.get_device_name(0), "", "")
    card = name or "An NVIDIA graphics card"
    if torch.version.cuda is None:
        remedy = "Install PyTorch with CUDA for this Python, then check again."
        return Graphics((), card, f"{card}: the installed PyTorch {torch.__version__} computes on CPUs only.", remedy)
    remedy = f"Install a driver for CUDA {torch.version.cuda} or newer, then check again."
    which = f"its driver, {driver}," if driver else "its driver"
    return Graphics((), card, f"{card}: {which} does not work with PyTorch {torch.__version__}.", remedy)


def _nvidia_card() -> tuple[str, str]:
    """(name, driver version) as the driver's own tool says them; empty where there is none."""
    try:
        said = subprocess.run(_ASK_DRIVER, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=True).stdout
        name, _, driver = said.splitlines()[0].partition(",")
        return name.strip(), driver.strip()
    except (OSError, IndexError, subprocess.SubprocessError):
        pass
    try:
        words = _NVIDIA_DRIVER_FILE.read_text(encoding="utf-8", errors="replace").split()
        return "", next((word for word in words if word[:1].isdigit()), "")
    except OSError:
        return "", ""


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


def _folder(name: str, path: Path) -> Finding:
    """Whether a folder of the user's, or the first one above it that exists, can be written to, and has room."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    probe = existing / f".p2p-doctor-{psutil.Process().pid}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        said = f"{existing} cannot be written to: {error.strerror}."
        return Finding(name, "failed", f"Folder for {name}", said, "Change its permissions.")
    free = shutil.disk_usage(existing).free
    if free < LOW_DISK_BYTES:
        return Finding(name, "warning", f"Folder for {name}", f"{path}: only {free / 1e6:.0f} MB free.", "Make room on that disk.")
    return Finding(name, "ok", f"Folder for {name}", f"{path}, {free / 1e9:.0f} GB free.")


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


def _self_test(here: Surroundings) -> Iterator[Finding]:
    """Translate the first example by every shipped model on both CPU runtimes, and compare."""
    import numpy as np  # with the translator, heavy: only where it is used

    from p2p_desktop.inference.translator import Translator
    from p2p_desktop.paths import resources
    from training.contract.pictures import read_picture

    example = read_picture(sorted((resources() / "examples").glob("*.jpg"))[0]).pixels
    for model in here.library.models():
        if model.problem:
            continue
        try:
            results = []
            for runtime in ("torch", "openvino"):
                with Translator.load(model.path, device="cpu", runtime=runtime, cache=here.paths.cache) as translator:
                    results.append(translator(example).astype(np.int32))
        except P2PError as error:
            yield Finding(f"test {model.name}", "failed", f"The model {model.name} does not work", str(error))
            continue
        worst = int(np.abs(results[0] - results[1]).max())
        state: State = "ok" if worst <= AGREEMENT else "failed"
        yield Finding(
            f"test {model.name}",
            state,
            f"The model {model.name} was tried",
            f"torch and OpenVINO differ by at most {worst} grey levels.",
        )
