"""The folder of a new run among the others: named after its model, numbered where that name is taken."""

import contextlib
from pathlib import Path

from p2p_desktop.models.library import file_name
from p2p_desktop.runs.run_folder import TrainerError, create_run
from training.contract.config import TrainConfig


def create_named_run(config: TrainConfig, runs: Path, name: str) -> Path:
    """Make a run's folder below `runs`, with its request in it, and give its path. Nothing is left where that fails.

    Raises TrainerError, as where the disk is full or may not be written to.
    """
    wanted = file_name(name)
    number = 1
    while True:
        folder = runs / (wanted if number == 1 else f"{wanted}-{number}")
        try:
            runs.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
        except FileExistsError as error:
            if not runs.is_dir():
                raise TrainerError(f"{runs} is a file. Choose another folder for runs in Settings.") from error
            number += 1
            continue
        except OSError as error:
            raise TrainerError(
                f"The run's folder {folder} cannot be made: {error.strerror}. Free some space, or choose another "
                "folder for models and runs in Settings."
            ) from error
        try:
            create_run(config, folder)
        except TrainerError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            raise
        return folder
