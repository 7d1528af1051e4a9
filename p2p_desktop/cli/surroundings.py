"""What every command needs of this user: folders, settings, models."""

from dataclasses import dataclass
from typing import Self

from p2p_desktop.models.library import Library
from p2p_desktop.paths import UserPaths, resources, user_paths
from p2p_desktop.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    paths: UserPaths
    settings: Settings
    library: Library

    @classmethod
    def find(cls) -> Self:
        """Raises ConfigError where the installation is incomplete."""
        paths = user_paths()
        settings = Settings.read(paths.settings)
        return cls(paths, settings, Library(resources() / "models", paths.models_in(settings.models_folder), paths.removed))
