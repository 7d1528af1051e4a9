"""Memory: whether an error says that it does not suffice, and how much of it a process has taken."""

import contextlib
import sys

import torch

_OF_A_CPU = "DefaultCPUAllocator"  # torch raises a plain RuntimeError there, which only this word tells from others


def is_out_of_memory(error: BaseException, device: torch.device | None = None) -> bool:
    """Whether smaller parts may help. `device`: where the work was done; None: wherever."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return (device is None or device.type == "cpu") and isinstance(error, RuntimeError) and _OF_A_CPU in str(error)


def peak_memory(device: torch.device) -> int:
    """The most bytes taken so far: of the device where it has its own, of this process otherwise; 0 where nobody knows."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    with contextlib.suppress(ImportError):
        import resource  # not on Windows

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    with contextlib.suppress(ImportError):
        import psutil  # which the trainer does without where it is not installed

        return int(psutil.Process().memory_info().peak_wset)
    return 0
