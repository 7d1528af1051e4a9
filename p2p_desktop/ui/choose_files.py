"""The system's own dialogs for choosing pictures and folders."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget


def pictures_folder() -> Path:
    """Where the system keeps pictures, or the person's home."""
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation) or Path.home())


def choose_folder(parent: QWidget) -> list[Path]:
    """Ask for a folder; none if the person thinks better of it."""
    folder = QFileDialog.getExistingDirectory(parent, _tr("Choose folder"), str(pictures_folder()))
    return [Path(folder)] if folder else []


def choose_pictures(parent: QWidget) -> list[Path]:
    files, _ = QFileDialog.getOpenFileNames(parent, _tr("Choose pictures"), str(pictures_folder()))
    return [Path(file) for file in files]


def choose_picture(parent: QWidget) -> Path | None:
    file, _ = QFileDialog.getOpenFileName(parent, _tr("Choose a picture"), str(pictures_folder()))
    return Path(file) if file else None


def _tr(text: str) -> str:
    return QCoreApplication.translate("ChooseFiles", text)
