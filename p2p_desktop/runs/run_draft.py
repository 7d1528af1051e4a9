"""A run before it exists: what the person has said of it so far, and the request that comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from training.contract.config import TrainConfig, recommended
from training.contract.errors import ConfigError
from training.contract.model_file import read_card
from training.contract.spec import GeneratorSpec
from training.contract.tasks import Task, task_named


@dataclass(slots=True)
class RunDraft:
    """Filled page by page; going back loses nothing of it. Nothing is checked before a config is asked for."""

    task: str = ""
    data: Path | None = None
    data_b: Path | None = None
    """Folder of the second pictures, where they do not lie in `data`."""
    preset: str = "balanced"
    changes: dict[str, str] = field(default_factory=dict)
    """Settings that are not the preset's, by their key, written as for `--set`."""
    start_from: Path | None = None
    """Model file whose weights are the start."""
    name: str = ""

    @property
    def task_spec(self) -> Task | None:
        return task_named(self.task) if self.task else None

    def forget_decisions(self) -> None:
        """Take back what was decided of single pairs: it goes by their names, which other pictures may have as well."""
        for key in ("leave_out", "line_up"):
            self.changes.pop(key, None)

    def config(self, more: Mapping[str, str] | None = None, network: GeneratorSpec | None = None) -> TrainConfig:
        """The whole request. `more`: changes beside the draft's. `network`: that of `start_from`, if it was read before.

        Raises ConfigError, which lists all that is wrong; ModelError.
        """
        if not self.task:
            raise ConfigError("Choose what is to be learned.")
        if self.data is None:
            raise ConfigError("Choose the pictures to learn from.")
        changes = {"name": self.name.strip()} | self.changes | dict(more or {})
        if self.data_b is not None:
            changes["data_b"] = str(self.data_b.absolute())
        recipe = recommended(self.task, self.data.absolute(), self.preset)
        if self.start_from is None:
            return recipe.changed(changes)
        changes["init_model"] = str(self.start_from.absolute())
        return recipe.changed(changes, network or read_card(self.start_from).generator)
