"""A plot in a card of its own: a title, what it is set with, and a menu that writes it to a file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QAction, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QMenu, QToolButton, QVBoxLayout, QWidget

from p2p_desktop.runs.exports import write_whole
from p2p_desktop.ui.choose_files import pictures_folder
from p2p_desktop.ui.curve_plot import CurvePlot
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_M, SPACE_S
from p2p_desktop.workers.errands import Errands
from training.contract.errors import P2PError
from training.contract.progress import Report, Token

_SCALE = 2  # pixels of a saved picture for one of the screen
_LEAST_PLOT, _LEAST_LINES = 150, 9  # of height: in pixels, and in lines of words


class PlotCard(QFrame):
    """Names of its parts begin with `name`."""

    saved = Signal(Path)
    not_saved = Signal(str)  # a sentence

    def __init__(self, look: Look, name: str, title: str, errands: Errands, parent: QWidget | None = None) -> None:
        """`errands` writes files: whoever has them waits for that."""
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setObjectName(name)
        self._look, self._name, self._title = look, name, title
        self._run_name = ""
        self._tables: dict[str, tuple[str, Callable[[], Callable[[], bytes]]]] = {}
        self._errands = errands
        self.plot = CurvePlot(look, self)
        self.plot.setObjectName(f"{name}_plot")
        self.plot.setAccessibleName(title)
        self.plot.setToolTip(self.tr("A click, or Left and Right, moves the cursor here and in the pictures"))
        self.plot.setMinimumHeight(max(_LEAST_PLOT, _LEAST_LINES * self.fontMetrics().height()))
        headline = QLabel(title, self)
        headline.setProperty("role", "label")
        self.tools = QHBoxLayout()
        self.tools.setSpacing(SPACE_M)
        self.tools.addWidget(headline)
        self.tools.addStretch(1)
        self._save = QToolButton(self)
        self._save.setObjectName(f"{name}_save")
        self._save.setProperty("role", "icon")
        self._save.setAccessibleName(self.tr("Save {title}").format(title=title))
        self._save.setToolTip(self.tr("As a picture, or as a table for spreadsheets"))
        self._save.clicked.connect(self._on_save)
        look.icons.set_on(self._save, "download-simple")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_L, SPACE_S, SPACE_M, SPACE_S)
        layout.setSpacing(SPACE_S)
        layout.addLayout(self.tools)
        layout.addWidget(self.plot, 1)

    def add_save_button(self) -> None:
        """At the end of the tools: call it once they are there."""
        self.tools.addWidget(self._save)

    def set_run_name(self, name: str) -> None:
        """What saved files are called after."""
        self._run_name = name

    def offer_table(self, key: str, words: str, prepare: Callable[[], Callable[[], bytes]]) -> None:
        """Offer a table. `prepare` is called in the GUI thread and gives what makes the file, called in another one."""
        self._tables[key] = (words, prepare)

    def save_picture(self, path: Path) -> None:
        """Write what is seen as a PNG of twice the size, with the title above it."""
        self._write(path if path.suffix else path.with_suffix(".png"), partial(_png, self._drawn()))

    def save_table(self, key: str, path: Path) -> None:
        self._write(path if path.suffix else path.with_suffix(".csv"), self._tables[key][1]())

    def clear(self) -> None:
        """Show nothing of the run before, until there is something of this one."""
        self.plot.keep_lines(set())
        self.plot.set_cursor(None, [])
        self.plot.set_level(None)
        self.plot.set_star(None)
        self.plot.set_nothing(self.tr("Reading what the run has told\u2026"))

    def draw(self) -> None:
        """Give the plot its lines anew: it is drawn finer now, or coarser."""

    def menu(self) -> QMenu:
        """What can be saved; it goes when it is closed."""
        menu = QMenu(self)
        menu.setObjectName(f"{self._name}_save_menu")
        menu.addAction(self.tr("Picture (PNG)")).setData("")
        for key, (words, _) in self._tables.items():
            menu.addAction(words).setData(key)
        menu.triggered.connect(self._on_menu_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _on_save(self) -> None:
        self.menu().popup(self._save.mapToGlobal(QPoint(0, self._save.height())))

    def _on_menu_triggered(self, action: QAction) -> None:
        key = str(action.data())
        suffix, kinds = (".csv", self.tr("Tables (*.csv)")) if key else (".png", self.tr("Pictures (*.png)"))
        start = pictures_folder() / f"{' - '.join(filter(None, (self._run_name, key or self._title)))}{suffix}"
        name, _ = QFileDialog.getSaveFileName(self, action.text(), str(start), kinds)
        if not name:
            return
        if key:
            self.save_table(key, Path(name))
        else:
            self.save_picture(Path(name))

    def _drawn(self) -> QImage:
        metrics = self.fontMetrics()
        head = metrics.height() + SPACE_S
        size = self.plot.size()
        image = QImage(
            _SCALE * (size.width() + 2 * SPACE_M), _SCALE * (size.height() + head + 2 * SPACE_M), QImage.Format.Format_RGB32
        )
        image.setDevicePixelRatio(_SCALE)
        image.fill(self._look.theme.color("surface"))
        painter = QPainter(image)
        painter.setFont(self._look.theme.font("section"))
        painter.setPen(self._look.theme.color("text"))
        words = "  \u00b7  ".join(filter(None, (self._run_name, self._title)))
        painter.drawText(QRect(SPACE_M, SPACE_M, size.width(), head), Qt.AlignmentFlag.AlignLeft, words)
        painter.end()
        self.plot.density = _SCALE
        self.draw()
        self.plot.render(image, QPoint(SPACE_M, SPACE_M + head), renderFlags=QWidget.RenderFlag.DrawChildren)
        self.plot.density = 1.0
        self.draw()
        return image

    def _write(self, path: Path, make: Callable[[], bytes]) -> None:
        def work(_: Report[Any], __: Token) -> Path | str:  # Any: nothing is reported
            try:
                write_whole(path, make())
            except P2PError as error:
                return str(error)
            return path

        self._errands.run(work, "saving a plot", self._on_written)

    def _on_written(self, what: Path | str | None) -> None:
        if isinstance(what, Path):
            self.saved.emit(what)
        else:
            self.not_saved.emit(what or self.tr("The file could not be written. The log says why."))


def _png(image: QImage) -> bytes:
    """Called in a worker thread."""
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"PNG")).write(image)
    return bytes(data.data())
