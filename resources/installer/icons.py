"""The program's icon as files, drawn by the program's own code. Run as a child: it needs Qt, and no screen.

python -m resources.installer.icons FOLDER
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

SIDES = (16, 24, 32, 48, 64, 128, 256)


def main(folder: Path) -> None:
    """Write SIDE.png of each side, icon.ico for Windows and icon.icns for macOS."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication

    from p2p_desktop.ui.app_icon import app_icon

    application = QGuiApplication([])
    icon = app_icon()
    folder.mkdir(parents=True, exist_ok=True)
    for side in SIDES:
        _save(icon.pixmap(side, side), folder / f"{side}.png")
    largest = icon.pixmap(SIDES[-1], SIDES[-1])
    _save(largest, folder / "icon.ico")
    _save(largest, folder / "icon.icns")
    application.quit()


def _save(pixmap: "QPixmap", file: Path) -> None:
    if not pixmap.save(str(file)):
        raise SystemExit(f"Qt cannot write {file}: one of its plugins for pictures is missing.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
