"""Where things lie: the user's data, settings, cache and logs, and what comes with the program."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import appdirs

from training.contract.errors import ConfigError

APP_NAME = "p2p-desktop"
HOME_VARIABLE = "P2P_DESKTOP_HOME"


@dataclass(frozen=True, slots=True)
class UserPaths:
    """Folders of this user. They exist only once something was written."""

    data: Path
    config: Path
    cache: Path
    logs: Path

    @property
    def models(self) -> Path:
        return self.data / "models"

    def models_in(self, folder: str) -> Path:
        """Where added models are, if the person keeps models and runs in `folder`; "": in the data folder."""
        return Path(folder) / "models" if folder else self.models

    @property
    def removed(self) -> Path:
        """Where removed models go: nothing that a person made is deleted."""
        return self.data / "removed"

    @property
    def measured(self) -> Path:
        """What the person's own measurements of models gave."""
        return self.data / "measured"

    @property
    def journal(self) -> Path:
        return self.data / "journal.sqlite3"

    @property
    def unfinished(self) -> Path:
        """Notes of conversions that are under way, for the offer to go on after a crash."""
        return self.data / "unfinished"

    @property
    def window(self) -> Path:
        """What the window remembers from one time to the next."""
        return self.config / "window.json"

    @property
    def runs(self) -> Path:
        return self.data / "runs"

    def runs_in(self, folder: str) -> Path:
        """Where the window makes runs, if the person keeps models and runs in `folder`; "": in the data folder."""
        return Path(folder) / "runs" if folder else self.runs

    @property
    def known_runs(self) -> Path:
        """Notes of the runs that were made elsewhere, for the window to list."""
        return self.data / "known-runs"

    @property
    def settings(self) -> Path:
        return self.config / "settings.json"


def user_paths() -> UserPaths:
    """The user's folders: all in one if P2P_DESKTOP_HOME names it, else where the system keeps such things."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home).absolute()
        return UserPaths(root / "data", root / "config", root / "cache", root / "logs")
    return UserPaths(
        Path(appdirs.user_data_dir(APP_NAME, False)),
        Path(appdirs.user_config_dir(APP_NAME, False)),
        Path(appdirs.user_cache_dir(APP_NAME, False)),
        Path(appdirs.user_log_dir(APP_NAME, False)),
    )


def resources(package: Path | None = None, frozen_root: str | None = None) -> Path:
    """The folder of shipped models and examples: in the installed package, the checkout, or a frozen program.

    `package` and `frozen_root` stand in for this package's folder and PyInstaller's `sys._MEIPASS`. Raises ConfigError.
    """
    package = package or Path(__file__).resolve().parent
    frozen_root = frozen_root or getattr(sys, "_MEIPASS", None)
    candidates = [package / "resources", package.parent / "resources"]
    if frozen_root:
        candidates.append(Path(frozen_root) / "resources")
    for candidate in candidates:
        if (candidate / "models").is_dir():
            return candidate
    raise ConfigError("The program's own models are missing: the installation is incomplete. Install it again.")
