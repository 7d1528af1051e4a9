"""Pictures for the page Convert, and what a person does with it."""

import os
from hashlib import blake2b
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QPushButton

from p2p_desktop.convert.events import ConvertSettings
from p2p_desktop.convert.request import Part, Request
from p2p_desktop.convert.unfinished import UnfinishedJobs
from p2p_desktop.paths import resources, user_paths
from tests.models_for_tests import write_small_model


def save_photo(path: Path, *, size: int = 96, seed: int = 0) -> Path:
    """Write a picture of soft shapes."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (size // 12, size // 9, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, cv2.resize(small, (size * 4 // 3, size)))[1].tobytes())
    return path


def fingerprint(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): blake2b(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def add_own_model(driver, folder: Path) -> None:
    """Drop a model on the window, and come back to Convert."""
    write_small_model(folder / "mine.safetensors")
    driver.drop([folder / "mine.safetensors"])
    driver.wait(lambda: driver.window._shelf.find("mine") is not None)
    driver.window.go_to("convert")


def note(driver) -> str:
    return driver.window.convert._notes.text()


def mime(**kinds) -> QMimeData:
    data = QMimeData()
    if "text" in kinds:
        data.setText(kinds["text"])
    if "urls" in kinds:
        data.setUrls([QUrl(url) for url in kinds["urls"]])
    if "image" in kinds:
        data.setImageData(kinds["image"])
    return data


def interrupted(photos, out, only=None):
    """A note of a conversion that a crash ended."""
    model = resources() / "models" / "deblur.safetensors"
    request = Request((Part((photos,), out),), model, ConvertSettings(format="png"), device="cpu", only=only)
    jobs = UnfinishedJobs(user_paths().unfinished)
    path = jobs.begin(request, 6)
    dead = path.with_name(path.name.replace(f"-{os.getpid():x}-", "-3fffffff-"))
    dead.write_text(path.read_text().replace(f"-{os.getpid():x}-", "-3fffffff-"))
    path.unlink()


def go_on(driver):
    driver.wait(lambda: driver.window.findChild(QPushButton, "recovery_go_on") is not None)
    driver.wait(lambda: driver.find("recovery_go_on").isVisible())
    driver.click("recovery_go_on")
