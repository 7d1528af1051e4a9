"""Which runtime computes where. Asks torch only on computers that may have a graphics card, for its import is heavy."""

import ctypes
import logging
import os
import platform
import sys
from dataclasses import dataclass
from typing import Literal, cast, get_args

from p2p_desktop.inference.runtime import RuntimeName
from training.contract.errors import ConfigError

log = logging.getLogger(__name__)

RuntimeChoice = Literal["auto", "torch", "openvino"]


@dataclass(frozen=True, slots=True)
class Compute:
    runtime: RuntimeName
    device: str


def choose_compute(device: str = "auto", runtime: RuntimeChoice = "auto") -> Compute:
    """The runtime and device for these wishes: a usable graphics card before the CPU, OpenVINO before torch on the CPU.

    Raises ConfigError for a device that this computer does not have, or a pair that does not exist.
    """
    if runtime == "openvino":
        if device not in ("auto", "cpu"):
            raise ConfigError(f"OpenVINO computes on the CPU only, not on {device!r}. Choose --runtime torch for it.")
        return Compute("openvino", "cpu")
    if device == "auto":
        found = _graphics_device()
        if found:
            return Compute("torch", found)
        return Compute("torch" if runtime == "torch" else "openvino", "cpu")
    if device == "cpu":
        return Compute("torch" if runtime == "torch" else "openvino", "cpu")
    return Compute("torch", _checked_torch_device(device))


def runtime_choice(text: str) -> RuntimeChoice:
    """A wish given as text. Raises ConfigError."""
    for choice in get_args(RuntimeChoice):
        if text == choice:
            return cast(RuntimeChoice, choice)
    raise ConfigError(f"There is no runtime {text!r}. Choose {', '.join(get_args(RuntimeChoice))}.")


def may_have_cuda() -> bool:
    """Whether an NVIDIA driver is installed; quick, and without torch."""
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def num_cores(wished: int = 0) -> int:
    """Processor cores that this process may use; no more than `wished`, if that is not 0."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(there, wished) if wished > 0 else there


def _graphics_device() -> str | None:
    """The first graphics device that torch can compute on, or None."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    if not apple and not may_have_cuda():
        return None
    import torch  # heavy, and only needed where there is something to ask

    if torch.cuda.is_available():
        return "cuda:0"
    if torch.backends.mps.is_available():
        return "mps"
    log.info("A graphics driver is installed, but this build of torch cannot use it.")
    return None


def _checked_torch_device(name: str) -> str:
    import torch  # as above

    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"There is no device {name!r}. Choose auto, cpu, cuda, cuda:N or mps.") from None
    if device.type == "cuda":
        index = device.index or 0
        if index >= torch.cuda.device_count():
            raise ConfigError(f"This computer has no usable graphics card {name!r}. Choose --device auto or cpu.")
        return f"cuda:{index}"
    if device.type == "mps" and torch.backends.mps.is_available():
        return "mps"
    raise ConfigError(f"This computer cannot compute on {name!r}. Choose --device auto or cpu.")
