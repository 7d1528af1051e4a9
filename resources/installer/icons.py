"""The program's icon as files, drawn by the program's own code. Run as a child: it needs Qt, and no screen.

python -m resources.installer.icons FOLDER
"""

import os
import sys
from pathlib import Path

SIDES = (16, 24, 32, 48, 64, 128, 256)
"""Pixels: what Linux has folders for, and Windows shows."""
LARGE_SIDES = (512, 1024)
"""What macOS shows besides."""


def main(folder: Path) -> None:
    """Write SIDE.png of each side, icon.ico for Windows and icon.icns for macOS; both hold every side that they know."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PIL import Image
    from PySide6.QtGui import QGuiApplication

    from p2p_desktop.ui.app_icon import icon_pixmap

    application = QGuiApplication([])
    folder.mkdir(parents=True, exist_ok=True)
    for side in (*SIDES, *LARGE_SIDES):
        if not icon_pixmap(side).save(str(folder / f"{side}.png")):
            raise SystemExit(f"Qt cannot write {folder / f'{side}.png'}.")
    application.quit()
    pictures = [Image.open(folder / f"{side}.png") for side in (*SIDES, *LARGE_SIDES)]
    small = pictures[: len(SIDES)]
    small[-1].save(folder / "icon.ico", sizes=[picture.size for picture in small], append_images=small[:-1])
    pictures[-1].save(folder / "icon.icns", append_images=pictures[:-1])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
