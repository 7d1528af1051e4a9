"""`p2p-desktop doctor`: what this computer has, and whether the program works on it."""

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

import psutil
import typer

from p2p_desktop.cli.output import print_json
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.inference.device import choose_compute, num_cores
from training.contract.errors import P2PError
from training.contract.version import __version__

PACKAGES = ("torch", "openvino", "opencv-python-headless", "numpy", "safetensors", "tifffile", "pi-heif")
LOW_DISK_BYTES = 1 << 30
AGREEMENT = 1  # grey levels that runtimes may differ by (design 3.2)

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    state: State
    message: str


def doctor_command(
    self_test: Annotated[bool, typer.Option("--self-test", help="Also convert an example on every runtime and compare.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> int:
    """Check this computer and this installation. Exit code 0: all well; 3: with warnings; 1: something fails."""
    findings = []
    for finding in _examine(self_test):
        findings.append(finding)
        if json:
            print_json({"type": "finding"} | asdict(finding))
        else:
            print(f"{finding.state:<8} {finding.subject:<12} {finding.message}")
    states = {finding.state for finding in findings}
    if "failed" in states:
        return 1
    return 3 if "warning" in states else 0


def _examine(self_test: bool) -> Iterator[Finding]:
    yield Finding("program", "ok", f"P2P Desktop {__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield from _packages()
    memory = psutil.virtual_memory()
    cores = num_cores()
    yield Finding("computer", "ok", f"{cores} cores, {memory.total / 2**30:.1f} GB memory, {memory.available / 2**30:.1f} GB free")
    try:
        here = Surroundings.find()
        compute = choose_compute(here.settings.device)
        yield Finding("device", "ok", f"pictures are computed by {compute.runtime} on {compute.device}")
    except P2PError as error:
        yield Finding("device", "failed", str(error))
        return
    for name in ("data", "config", "cache", "logs"):
        yield _folder(name, getattr(here.paths, name))
    models = here.library.models()
    for model in models:
        yield Finding(f"model {model.name}", "warning" if model.problem else "ok", model.problem or str(model.path))
    if not models:
        yield Finding("models", "failed", "There are no models: the installation is incomplete.")
    if self_test:
        yield from _self_test(here)


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "ok" if getattr(sys, "frozen", False) else "failed", "not installed as a package")


def _folder(name: str, path: Path) -> Finding:
    """Whether a folder of the user's, or the first one above it that exists, can be written to, and has room."""
    existing = next(folder for folder in (path, *path.parents) if folder.exists())
    probe = existing / f".p2p-doctor-{psutil.Process().pid}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding(name, "failed", f"{existing} cannot be written to: {error.strerror}")
    free = shutil.disk_usage(existing).free
    if free < LOW_DISK_BYTES:
        return Finding(name, "warning", f"{path}: only {free / 2**20:.0f} MB free")
    return Finding(name, "ok", str(path))


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
            yield Finding(f"test {model.name}", "failed", str(error))
            continue
        worst = int(np.abs(results[0] - results[1]).max())
        state: State = "ok" if worst <= AGREEMENT else "failed"
        yield Finding(f"test {model.name}", state, f"torch and OpenVINO differ by at most {worst} grey levels")
