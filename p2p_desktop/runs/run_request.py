"""The request of a run that exists, as its folder holds it."""

from pathlib import Path

from p2p_desktop.runs.run_folder import TrainerError, find_run
from training.contract.config import TrainConfig


def read_request(folder: Path) -> TrainConfig:
    """The request of an existing run. Raises TrainerError, ConfigError."""
    path = find_run(folder)
    try:
        return TrainConfig.from_json(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TrainerError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
