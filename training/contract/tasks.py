"""The tasks that a model can learn, each a declaration: what goes in and out, how pairs come about, what is measured."""

from dataclasses import dataclass, field
from typing import Any, Literal

from training.contract.encodings import EncodingName
from training.contract.errors import ConfigError
from training.contract.pairing import Wanted

PairSource = Literal["found", "blur", "grey", "edges", "snow", "sparse"]
"""How pairs come about: found on the disk; or made, by taking something away from a photograph or from a depth map."""

MetricName = Literal["psnr", "ssim", "l1", "ab", "colourfulness", "rmse", "rel", "delta1"]
"""psnr in dB, ssim, l1 as a share of the range; ab in CIE units, colourfulness as a share of the target's; rmse in metres and rel,
the mean relative error, and delta1, the share within a factor of 1.25, on measured depths."""

Baseline = Literal["input", "mean", "nearest"]
"""What stands for doing nothing: the input as it is; the mean of the training targets; the nearest measurement."""


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    title: str
    source: PairSource
    encoding_in: EncodingName
    encoding_out: EncodingName
    size_mode: Literal["native", "fit"]
    metrics: tuple[MetricName, ...]
    best_by: MetricName
    """The held-out metric that says which checkpoint is best."""
    baseline: Baseline = "input"
    keeps_grey: bool = False
    direction: Literal["AtoB", "BtoA"] = "AtoB"
    """Found pairs: which side is the input."""
    labels: Literal["none", "A", "B"] = "none"
    """Found pairs: the side whose colours are names."""
    least_green: float = 0.0
    """Made pairs: share of a photograph that must be green as plants are; it is left out otherwise."""
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)  # Any: values of TrainConfig
    """Recipes: changes to the defaults of TrainConfig. `balanced` is the recommended one."""

    @property
    def wanted(self) -> Wanted:
        """What its pictures look like on the disk."""
        return "pairs" if self.source == "found" else "depth" if self.source == "sparse" else "photos"


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
    "gan_mode": "none",  # costs PSNR and makes sharp pictures worse; see docs/results.md
    "crop_size": 128,
    "shrink": 0.5,
    "turn": True,  # blurs have no direction that they come in more often
    "batch_size": 8,
    "learning_rate": 5e-4,
    "beta1": 0.9,
    "constant": 0.2,
    "ema": 0.999,
}
# The paper's recipe on networks that fit the time: 64 filters and 8 levels only where there is a graphics card or patience. Its
# constant rate leaves the last model to chance: presets let it fall over their second half, as the reference program does.
_FALLING = {"constant": 0.5}
# Colour wants the whole picture's say (the global vector) and overfits within minutes unless held back: colours vary, weights
# decay, what lies next to the bottleneck drops out. No adversary: it makes colours garish.
_COLORIZE_NETWORK = {
    "kind": "unet",
    "encoder": [32, 64, 128, 192, 256],
    "decoder": [192, 128, 64, 32, 32],
    "head": "conv3",
    "stem": 16,
    "norm": "group",
    "bias": "all",
    "dropout": "paper",
    "dropout_rate": 0.2,
    "up": "resize",
    "global_vector": True,
}
_COLORIZE = {
    "network": _COLORIZE_NETWORK,
    "init": "kaiming",
    "gan_mode": "none",
    "crop_size": 128,
    "batch_size": 16,
    "colour_jitter": 0.2,
    "learning_rate": 4e-4,
    "beta1": 0.9,
    "weight_decay": 0.02,
    "constant": 0.1,
    "ema": 0.999,
}
_PAPER = _FALLING | {"network": "unet-256", "crop_size": 256}
_SMALL = _FALLING | {"network": "unet-small", "crop_size": 256}
_QUICK = _FALLING | {"network": "unet-small", "crop_size": 128, "patch_size": 34, "ndf": 32}
# Winter goes, and what it lay on stays: detail at full size through a stem, and a network that only corrects.
_WINTER_NETWORK = {
    "kind": "unet",
    "encoder": [32, 64, 128, 256, 256],
    "decoder": [256, 128, 64, 32, 32],
    "head": "conv3",
    "stem": 16,
    "norm": "batch",
    "dropout": "none",
    "output": "residual",
}
_WINTER = _FALLING | {"network": _WINTER_NETWORK, "crop_size": 128, "shrink": 0.4}
# Depth wants the number, not the look: no adversary by default. Group norms keep absolute levels apart better than none at all.
_DEPTH_NETWORK = {
    "kind": "unet",
    "encoder": [32, 64, 128, 192, 256],
    "decoder": [192, 128, 64, 32, 32],
    "head": "conv3",
    "stem": 16,
    "norm": "group",
    "bias": "all",
    "dropout": "none",
    "up": "resize",
}
_DEPTH = {
    "network": _DEPTH_NETWORK,
    "init": "kaiming",
    "gan_mode": "none",
    "crop_size": 128,
    "batch_size": 8,
    "learning_rate": 5e-4,
    "beta1": 0.9,
    "constant": 0.3,
    "ema": 0.999,
}
_FILL = _DEPTH | {"network": _DEPTH_NETWORK | {"norm": "none", "output": "residual", "up": "transposed"}, "shrink": 0.6}


_LOOKS_A_RUN = 12  # a short run is measured and drawn so often, a longer one every thousand steps


def _presets(quick: dict[str, Any], balanced: dict[str, Any], thorough: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Any: values of TrainConfig."""
    recipes = {"quick": quick, "balanced": balanced, "thorough": thorough}
    return {name: recipe | _looks(recipe["steps"]) for name, recipe in recipes.items()}


def _looks(steps: int) -> dict[str, int]:
    every = min(1000, max(1, steps // _LOOKS_A_RUN))
    return {"validate_every": every, "sample_every": every, "checkpoint_every": every}


_LOOKS: tuple[MetricName, ...] = ("psnr", "ssim", "l1")
_METRES: tuple[MetricName, ...] = ("rmse", "rel", "delta1")

TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task(
            name="facades",
            title="Make photographs of label maps",
            source="found",
            encoding_in="rgb8",
            encoding_out="rgb8",
            size_mode="fit",
            metrics=_LOOKS,
            best_by="l1",
            direction="BtoA",  # the public set has the photograph on the left
            labels="B",
            presets=_presets(_QUICK | {"steps": 4000}, _SMALL | {"steps": 40000}, _PAPER | {"steps": 80000}),
        ),
        Task(
            name="winter-to-summer",
            title="Turn winter into summer",
            source="snow",
            encoding_in="rgb8",
            encoding_out="rgb8",
            size_mode="native",
            metrics=_LOOKS,
            best_by="l1",
            least_green=0.02,
            presets=_presets(
                _WINTER | {"patch_size": 34, "ndf": 32, "steps": 4000},
                _WINTER | {"crop_size": 256, "steps": 30000},
                _WINTER | {"crop_size": 256, "steps": 80000},
            ),
        ),
        Task(
            name="mono-depth",
            title="See depth in a photograph",
            source="found",
            encoding_in="rgb8",
            encoding_out="depth16",
            size_mode="fit",
            metrics=_METRES,
            best_by="rmse",
            baseline="mean",
            presets=_presets(
                _DEPTH | {"steps": 1500}, _DEPTH | {"crop_size": 224, "steps": 30000}, _DEPTH | {"crop_size": 256, "steps": 80000}
            ),
        ),
        Task(
            name="fill-depth",
            title="Fill the holes of a depth map",
            source="sparse",
            encoding_in="surface_depth16",
            encoding_out="depth16",
            size_mode="native",
            metrics=_METRES,
            best_by="rmse",
            baseline="nearest",
            presets=_presets(_FILL | {"steps": 2000}, _FILL | {"steps": 20000}, _FILL | {"steps": 80000}),
        ),
        Task(
            name="deblur",
            title="Sharpen blurred photographs",
            source="blur",
            encoding_in="rgb8",
            encoding_out="rgb8",
            size_mode="native",
            metrics=_LOOKS,
            best_by="psnr",
            keeps_grey=True,
            presets=_presets(_DEBLUR | {"steps": 1200}, _DEBLUR | {"steps": 12000}, _DEBLUR | {"steps": 60000}),
        ),
        Task(
            name="colorize",
            title="Colour black-and-white photographs",
            source="grey",
            encoding_in="lab_l",
            encoding_out="lab_ab",
            size_mode="fit",
            metrics=("ab", "colourfulness", "psnr"),
            best_by="ab",
            presets=_presets(
                _COLORIZE | {"steps": 600}, _COLORIZE | {"steps": 6000}, _COLORIZE | {"crop_size": 256, "steps": 40000}
            ),
        ),
        Task(
            name="edges",
            title="Make photographs of drawn edges",
            source="edges",
            encoding_in="grey8",
            encoding_out="rgb8",
            size_mode="fit",
            metrics=_LOOKS,
            best_by="l1",
            presets=_presets(_QUICK | {"steps": 4000}, _SMALL | {"steps": 40000}, _PAPER | {"steps": 80000, "batch_size": 4}),
        ),
        Task(
            name="maps",
            title="Make maps of aerial photographs, or the reverse",
            source="found",
            encoding_in="rgb8",
            encoding_out="rgb8",
            size_mode="fit",
            metrics=_LOOKS,
            best_by="l1",
            presets=_presets(_QUICK | {"steps": 4000}, _SMALL | {"steps": 40000}, _PAPER | {"steps": 200000}),
        ),
        Task(
            name="pairs",
            title="Learn from pairs of your own",
            source="found",
            encoding_in="rgb8",
            encoding_out="rgb8",
            size_mode="fit",
            metrics=_LOOKS,
            best_by="l1",
            presets=_presets(_QUICK | {"steps": 4000}, _SMALL | {"steps": 40000}, _PAPER | {"steps": 80000}),
        ),
    )
}

SMALLER_IS_BETTER: frozenset[str] = frozenset({"l1", "ab", "rmse", "rel"})


def task_named(name: str) -> Task:
    """Look a task up. Raises ConfigError with the names there are."""
    try:
        return TASKS[name]
    except KeyError:
        raise ConfigError(f"There is no task named {name!r}. There are: {', '.join(TASKS)}.") from None
