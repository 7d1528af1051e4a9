"""Which graphics card this computer could compute on, and why one that is there is not used."""

import logging
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from p2p_desktop.inference.device import may_have_cuda

log = logging.getLogger(__name__)

# The least driver for each generation of CUDA, https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
_LEAST_DRIVER = {11: 450, 12: 525, 13: 580}
_ASK_DRIVER = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
_ASK_TIMEOUT_S = 5
_DRIVER_FILE = Path("/proc/driver/nvidia/version")
_PCI_DEVICES = Path("/sys/bus/pci/devices")
_PCI_NVIDIA, _PCI_DISPLAY = "0x10de", "0x03"  # vendor, and how classes of display controllers begin


@dataclass(frozen=True, slots=True)
class Graphics:
    """What there is to compute on besides the processor.

    devices: as `choose_compute` takes them. reason, message, remedy: why a card that is there is not used, in a few words, in a
    sentence, and what to do about it; "" if none is left unused.
    """

    devices: tuple[str, ...] = ()
    name: str = ""
    reason: str = ""
    message: str = ""
    remedy: str = ""


def has_apple_graphics() -> bool:
    """Whether this is a Mac whose processor has graphics that torch can know."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def has_graphics() -> bool:
    """Whether there is any reason to look closer. Quick, and without torch."""
    return has_apple_graphics() or may_have_cuda() or _has_nvidia_card()


def examine_graphics() -> Graphics:
    """Ask the driver, and torch where there is something to ask: importing it takes seconds."""
    if has_apple_graphics():
        return _examine_apple()
    name, driver = _nvidia_card()
    if not may_have_cuda():
        return _without_driver(name) if name or _has_nvidia_card() else Graphics()
    import torch  # heavy: only where there may be a card

    if torch.cuda.is_available():
        devices = tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
        return Graphics(devices, torch.cuda.get_device_name(0))
    if not name and not driver and not _has_nvidia_card():
        return Graphics()  # the driver's library alone, as in containers
    return unusable(name, driver, str(torch.__version__), torch.version.cuda)


def unusable(name: str, driver: str, torch_version: str, cuda: str | None) -> Graphics:
    """Why torch cannot use an NVIDIA card whose driver is installed. `cuda`: the version torch was made for, None for none."""
    card = name or "An NVIDIA graphics card"
    if cuda is None:
        message = f"{card}: the installed PyTorch, {torch_version}, computes on processors only."
        return Graphics((), name, "PyTorch without CUDA", message, "Install PyTorch with CUDA, then check again.")
    least = _LEAST_DRIVER.get(_major(cuda), max(_LEAST_DRIVER.values()))
    if driver and _major(driver) < least:
        message = f"{card}: its driver, {driver}, is too old."
        return Graphics((), name, "driver too old", message, f"Install version {least} or newer, then check again.")
    which = f"its driver, {driver}," if driver else "its driver"
    message = f"{card}: {which} does not answer, or the card is too old for PyTorch {torch_version}."
    return Graphics((), name, "driver does not answer", message, "Restart the computer, then check again.")


def nvidia_driver() -> str:
    """The version of the NVIDIA driver, "" without one. Quick where the system tells in a file; else its tool is asked."""
    return _driver_of_file() or _nvidia_card()[1]


def _examine_apple() -> Graphics:
    import torch  # as above

    if torch.backends.mps.is_available():
        return Graphics(("mps",), "Apple graphics")
    message = "PyTorch cannot use the graphics of this Mac with this version of macOS."
    return Graphics((), "Apple graphics", "macOS too old", message, "Update macOS, then check again.")


def _without_driver(name: str) -> Graphics:
    message = f"{name or 'An NVIDIA graphics card'}: there is no driver for it."
    remedy = f"Install NVIDIA's driver, version {max(_LEAST_DRIVER.values())} or newer, then check again."
    return Graphics((), name, "no driver", message, remedy)


def _has_nvidia_card() -> bool:
    """As the system's list of devices says, whatever is installed. Only Linux has a list that is quick to read."""
    try:
        for device in _PCI_DEVICES.iterdir():
            is_nvidias = (device / "vendor").read_text(encoding="ascii").strip() == _PCI_NVIDIA
            if is_nvidias and (device / "class").read_text(encoding="ascii").startswith(_PCI_DISPLAY):
                return True
    except (OSError, ValueError):
        pass
    return False


def _nvidia_card() -> tuple[str, str]:
    """(name, version of the driver) as far as the driver tells."""
    try:
        said = subprocess.run(
            _ASK_DRIVER,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ASK_TIMEOUT_S,
            check=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ).stdout
        name, _, driver = said.splitlines()[0].partition(",")
        return name.strip(), driver.strip()
    except (OSError, IndexError, subprocess.SubprocessError) as error:
        log.debug("nvidia-smi says nothing: %s", error)
    return "", _driver_of_file()


def _driver_of_file() -> str:
    """Such as "470.256.02", from a line like "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May ..."."""
    try:
        text = _DRIVER_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"\b\d{3,}\.\d+(\.\d+)?\b", text)
    return found[0] if found else ""


def _major(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 0
