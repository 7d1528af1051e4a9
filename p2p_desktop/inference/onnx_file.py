"""A network as an ONNX file. Needs the package onnx, which comes with the extra `export`."""

import importlib.util
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from training.contract.version import __version__

if TYPE_CHECKING:
    from training.contract.networks import Generator

OPSET = 17
"""What a file's operators mean. Of 2022: read by ONNX Runtime 1.12, and with the IR version 8 that torch writes beside it."""
EXAMPLE_SIDE = 64  # pixels; only traced, any size is meant
LARGEST_BYTES = 2**31 - 1 - (16 << 20)
"""Of weights: one file is one protocol buffer, which holds 2 GiB, its operators and names included."""


def can_write_onnx() -> bool:
    """Whether the package that is needed for it is installed; it is not imported."""
    return importlib.util.find_spec("onnx") is not None


def write_onnx(generator: "Generator", path: Path, names: tuple[str, str], about: Mapping[str, str]) -> None:
    """Write a generator on the CPU, in eval mode, as one file for any batch, height and width.

    `names`: of its input and its output. `about`: what the file says of itself, as metadata properties `p2p.KEY`. Raises
    RuntimeError where it cannot be converted. OSError passes through.
    """
    import onnx  # only here: it may be missing
    import torch

    side = max(generator.spec.multiple, EXAMPLE_SIDE)
    example_NCHW = torch.zeros(1, generator.spec.in_channels, side, side)
    written = io.BytesIO()
    open_axes = {0: "batch", 2: "height", 3: "width"}
    with torch.inference_mode(), warnings.catch_warnings():
        # The older of torch's two exporters, which it calls legacy and warns of: it traces, in a tenth of the time of the newer
        # one, and needs onnx alone, no onnxscript of a version that fits torch's.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            generator,
            (example_NCHW,),
            written,  # type: ignore[arg-type]  # its hints know paths only, and it cannot open those that are no text
            dynamo=False,
            opset_version=OPSET,
            input_names=[names[0]],
            output_names=[names[1]],
            dynamic_axes={name: dict(open_axes) for name in names},
        )
    model = onnx.load_model_from_string(written.getvalue())
    written.close()
    model.producer_name, model.producer_version = "P2P Desktop", __version__
    model.graph.name = about["name"]
    for key, value in about.items():
        model.metadata_props.add(key=f"p2p.{key}", value=value)
    onnx.save(model, path)
