"""What of torch goes into the installer: what the networks and the trainer load, not its compilers, tests and headers.

Stands in for the hook that PyInstaller brings, which takes every module there is.
"""

import sys
from importlib.metadata import requires

from packaging.requirements import Requirement
from PyInstaller.utils.hooks import PY_DYLIB_PATTERNS, collect_data_files, collect_dynamic_libs, collect_submodules

module_collection_mode = "py"  # torch reads its own source as it is imported; frozen.spec puts compiled modules beside it
warn_on_missing_hiddenimports = False
bindepend_symlink_suppression = ["**/torch/lib/*.so*"]  # torch looks for its libraries beside each other
hiddenimports = collect_submodules("torch._dynamo.polyfills")  # found by name, once an optimiser is made
binaries = collect_dynamic_libs("torch", search_patterns=[*PY_DYLIB_PATTERNS, "*.so.*"])
datas = collect_data_files("torch", includes=["bin/torch_shm_manager"])
if sys.platform.startswith("linux"):  # CUDA's libraries are packages of their own there, and opened by name
    from _pyinstaller_hooks_contrib.utils.nvidia_cuda import infer_hiddenimports_from_requirements  # type: ignore[import-untyped]  # it has no types

    needed = [Requirement(text) for text in requires("torch") or []]
    hiddenimports += infer_hiddenimports_from_requirements([one.name for one in needed if not one.marker or one.marker.evaluate()])
