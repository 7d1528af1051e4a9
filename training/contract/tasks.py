"""The tasks that a model can learn, each a declaration: what goes in and out, how pairs come about, what is measured."""

from dataclasses import dataclass, field
from typing import Any, Literal

from training.contract.encodings import EncodingName
from training.contract.errors import ConfigError

PairSource = Literal["blur", "grey"]
MetricName = Literal["psnr", "ssim", "l1", "ab"]


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    title: str
    encoding_in: EncodingName
    encoding_out: EncodingName
    made_by: PairSource
    """How pairs are made out of ordinary photographs."""
    size_mode: Literal["native", "fit"]
    keeps_grey: bool
    metrics: tuple[MetricName, ...]
    best_by: MetricName
    """The held-out metric that says which checkpoint is best."""
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)  # Any: values of TrainConfig
    """Recipes: changes to the defaults of TrainConfig. `balanced` is the recommended one."""


# A residual U-Net for detail at full size: four levels reach further than any blur meant here, and a 3x3 stem keeps the finest
# detail out of the strided layers. No norms: they would shift brightness by the picture's content. Measured in docs/results.md.
_DEBLUR_NETWORK = {
    "kind": "unet",
    "encoder": [32, 64, 128, 192],
    "decoder": [128, 64, 32, 24],
    "head": "conv3",
    "stem": 16,
    "blocks": 1,
    "norm": "none",
    "bias": "all",
    "dropout": "none",
    "output": "residual",
}
_DEBLUR = {
    "network": _DEBLUR_NETWORK,
    "init": "kaiming",
    "lambda_gan": 0.0,  # costs PSNR and makes sharp pictures worse; see docs/results.md
    "size": 128,
    "shrink": 0.5,
    "batch": 8,
    "learning_rate": 5e-4,
    "beta1": 0.9,
    "constant": 0.2,
    "ema": 0.999,
}
_COLORIZE = {"network": "unet-small", "size": 256, "batch": 4, "beta1": 0.5}

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            name="deblur",
            title="Sharpen blurred photographs",
            encoding_in="rgb8",
            encoding_out="rgb8",
            made_by="blur",
            size_mode="native",
            keeps_grey=True,
            metrics=("psnr", "ssim", "l1"),
            best_by="psnr",
            presets={
                "quick": _DEBLUR | {"steps": 2000},
                "balanced": _DEBLUR | {"steps": 12000},
                "thorough": _DEBLUR | {"steps": 60000},
            },
        ),
        Task(
            name="colorize",
            title="Colour black-and-white photographs",
            encoding_in="lab_l",
            encoding_out="lab_ab",
            made_by="grey",
            size_mode="fit",
            keeps_grey=False,
            metrics=("ab", "psnr"),
            best_by="ab",
            presets={
                "quick": _COLORIZE | {"steps": 2000},
                "balanced": _COLORIZE | {"steps": 20000},
                "thorough": _COLORIZE | {"steps": 80000},
            },
        ),
    )
}

SMALLER_IS_BETTER: frozenset[str] = frozenset({"l1", "ab"})


def task_named(name: str) -> Task:
    """Look a task up. Raises ConfigError with the names there are."""
    try:
        return TASKS[name]
    except KeyError:
        raise ConfigError(f"There is no task named {name!r}. There are: {', '.join(TASKS)}.") from None
