"""Shows a file in the system's file manager, selected where the system can do that."""

import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QUrl
from PySide6.QtGui import QDesktopServices


def show_file(path: Path) -> None:
    """Opens its folder if it is gone, or where selecting is not possible."""
    if sys.platform == "win32":
        # Explorer reads its own quoting: the path must stand in quotes after the comma, which a list of words cannot say.
        subprocess.Popen(f'explorer /select,"{path}"')
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
