"""Tries the frozen program as a stranger's computer would run it: nothing of this checkout or of Python within its reach."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from p2p_desktop.child import CONSOLE_NAME
from p2p_desktop.cli.self_test.stored_pictures import stored_models
from resources.installer.build import Build, BuildError

TIME_LIMIT = 900  # seconds for everything that the program tests of itself
NUM_STARTS = 5  # of each kind; their medians are compared
SLOWEST_START = 1.5  # times the start from source
PARTS = ("formats", "window", "trainer", "live", "network")
"""What the program must have tested besides its models."""
_ENDING = ".exe" if sys.platform == "win32" else ""


def try_program(build: Build) -> None:
    """Run the frozen program's own test. Raises BuildError where any part of it fails, or does not say that it passed."""
    build.say("\nThe frozen program tests itself, in an empty home and without Python:")
    with clean_environment() as environment:
        answer = _run([_console(build), "doctor", "--self-test", "--json"], environment)
    findings = list(_json_lines(answer.stdout))
    for finding in findings:
        build.say(f"  {finding['state']:<8} {finding['subject']:<16} {finding['title']}. {finding['message']}")
    failed = [finding["subject"] for finding in findings if finding["state"] == "failed"]
    well = {finding["subject"] for finding in findings if finding["state"] == "ok"}
    lacking = sorted(f"test {part}" for part in (*stored_models(), *PARTS) if f"test {part}" not in well)
    if failed or lacking or answer.returncode not in (0, 3):  # 3: a warning, of this computer's little memory for example
        words = answer.stderr.decode("utf-8", errors="replace")[-3000:]
        told = ", ".join(failed + lacking) or f"code {answer.returncode}"
        raise BuildError(f"The frozen program does not pass its own test ({told}).\n{words}")
    build.say("  All parts passed.")


def try_commands(build: Build) -> None:
    """Do with the frozen program what people do first, and what its own test leaves out. Raises BuildError."""
    build.say("\nCommands of the frozen program:")
    examples = build.root / "resources" / "examples"
    with clean_environment() as environment:
        home = Path(environment["HOME"])
        one = home / "one"
        one.mkdir()
        shutil.copy(next(examples.glob("*.jpg")), one)
        run_folder, config = (
            home / "run",
            ("--set", "steps=3", "--set", "crop_size=64", "--set", "batch_size=2", "--set", "workers=1"),
        )
        commands = {
            "convert": ("convert", str(examples), "-o", str(home / "Größe und 名前"), "-m", "deblur"),
            "evaluate": ("evaluate", "-m", "colorize", "--data", str(one)),
            "train": ("train", "--task", "deblur", "--data", str(examples), "--out", str(run_folder), "--preset", "quick", *config),
            "export": ("models", "export", "deblur", "--to", "onnx", "-o", str(home / "deblur.onnx")),
        }
        for name, words in commands.items():
            began = time.monotonic()
            answer = _run([_console(build), *words], environment)
            if answer.returncode:
                said = (answer.stderr or answer.stdout).decode("utf-8", errors="replace")[-3000:]
                raise BuildError(f"The frozen program cannot {name} (code {answer.returncode}).\n{said}")
            build.say(f"  {name:<8} {time.monotonic() - began:.1f} s")
        converted = {file.name for file in (home / "Größe und 名前").iterdir()}
        if converted != {file.name for file in examples.glob("*.jpg")}:
            raise BuildError(f"The frozen program converted {len(converted)} of the examples.")


def picture_pages(build: Build, folder: Path) -> None:
    """Keep pictures of the frozen program's pages, to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    with clean_environment() as environment:
        _first_paint([_console(build), "window-check", "--save", str(folder)], environment)


def compare_starts(build: Build) -> float:
    """How many times as long the frozen window takes to its first paint as the window from source: medians, taken in turns."""
    frozen = [_console(build), "window-check"]
    source = [sys.executable, "-P", "-m", "p2p_desktop", "window-check"]
    times: dict[str, list[float]] = {"frozen": [], "source": []}
    with clean_environment() as environment:
        from_source = dict(environment) | {"PYTHONPATH": str(build.root)}
        for _ in range(NUM_STARTS + 1):
            times["frozen"].append(_first_paint(frozen, environment))
            times["source"].append(_first_paint(source, from_source))
    medians = {kind: statistics.median(values[1:]) for kind, values in times.items()}  # the first fill the disk's cache
    ratio = medians["frozen"] / medians["source"]
    build.say(
        f"\nFirst paint of the window: {medians['frozen']:.0f} ms frozen, {medians['source']:.0f} ms from source "
        f"({ratio:.2f} times; at most {SLOWEST_START} are wanted)."
    )
    return ratio


@contextmanager
def clean_environment() -> Iterator[dict[str, str]]:
    """What a person's session has, and nothing else: no PYTHONPATH, no virtual environment, an empty home."""
    with tempfile.TemporaryDirectory(prefix="p2p-build-") as folder:
        home = Path(folder) / "home"
        home.mkdir()
        kept = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PROGRAMDATA", "NUMBER_OF_PROCESSORS", "LANG", "DISPLAY")
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        if sys.platform == "win32":
            environment["PATH"] = str(Path(os.environ["SYSTEMROOT"]) / "System32")
            environment |= dict.fromkeys(("USERPROFILE", "LOCALAPPDATA", "APPDATA", "TEMP", "TMP", "HOME"), str(home))
        else:
            environment |= {"PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": folder, "LANG": "C.UTF-8"}
        yield environment


def _console(build: Build) -> str:
    return str(build.frozen / f"{CONSOLE_NAME}{_ENDING}")


def _run(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(
            command, capture_output=True, env=environment, timeout=TIME_LIMIT, check=False, cwd=environment["HOME"]
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{Path(command[0]).name} {' '.join(command[1:3])} did not end within {TIME_LIMIT} s.") from error


def _first_paint(command: list[str], environment: Mapping[str, str]) -> float:
    """Milliseconds from the start of a window to its first paint, as it tells them itself."""
    answer = _run(command, environment)
    told = [line["first_paint_ms"] for line in _json_lines(answer.stdout) if "first_paint_ms" in line]
    if answer.returncode or not told:
        words = answer.stderr.decode("utf-8", errors="replace")[-3000:]
        raise BuildError(f"The window could not be opened by {command[0]} (code {answer.returncode}).\n{words}")
    return float(told[0])


def _json_lines(said: bytes) -> Iterator[dict[str, Any]]:  # Any: JSON
    for line in said.decode("utf-8", errors="replace").splitlines():
        if line.startswith("{"):
            yield json.loads(line)
