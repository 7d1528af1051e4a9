"""A run's folder before its trainer starts: made, or found again."""

from pathlib import Path
from typing import TYPE_CHECKING

from training.contract.errors import P2PError
from training.contract.protocol import CONFIG

if TYPE_CHECKING:  # OpenCV; who only follows runs needs none
    from training.contract.config import TrainConfig


class TrainerError(P2PError):
    """A training run could not be prepared, or its trainer failed."""


def create_run(config: "TrainConfig", folder: Path) -> Path:
    """Write a new run's request, and give the path of its config file. Raises TrainerError if the folder holds a run already."""
    path = folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(config.to_json())
                file.flush()
            except OSError:  # a full disk: half a request is none
                path.unlink()
                raise
    except FileExistsError as error:
        if path.exists():
            raise TrainerError(f"{folder} holds a run already. Continue it with --resume, or choose another folder.") from error
        raise TrainerError(f"{folder} is a file. Choose a folder for the run.") from error
    except OSError as error:
        raise TrainerError(f"The run's folder {folder} cannot be written: {error.strerror}.") from error
    return path


def find_run(folder: Path) -> Path:
    """The config file of an existing run. Raises TrainerError."""
    path = folder / CONFIG
    if not path.is_file():
        raise TrainerError(f"{folder} holds no training run: there is no {CONFIG} in it.")
    return path
