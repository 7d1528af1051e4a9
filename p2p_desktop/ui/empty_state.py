"""Convert without pictures: what will happen, where to drop, what to choose, and a way to try without own files."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from p2p_desktop.ui.halves import paint_halves
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import RADIUS_DROP_AREA, RADIUS_THUMBNAIL, SPACE_L, SPACE_M, SPACE_S, SPACE_XXL, SPACE_XXXL
from p2p_desktop.ui.thumbnail_source import ThumbnailSource

_PICTURE = QSize(396, 264)
_SMALLEST_PICTURE_HEIGHT = 120
_EXAMPLE = QSize(64, 48)
_MOST_EXAMPLES = 4
_DASH = (5.0, 4.0)  # in widths of the pen


class EmptyState(QFrame):
    folder_asked = Signal()
    pictures_asked = Signal()
    examples_asked = Signal()

    def __init__(self, look: Look, thumbnails: ThumbnailSource, examples: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._is_target = False
        self.setProperty("role", "page")
        self.setObjectName("drop_area")
        self.setAccessibleName(self.tr("Drop area for photos and folders"))
        self._picture = _BeforeAfter(look, self)
        self._headline = QLabel(self)
        self._headline.setObjectName("empty_headline")
        self._headline.setProperty("role", "title")
        self._headline.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._headline.setWordWrap(True)
        self._words = QLabel(
            self.tr("The results go to a new folder. Your originals are never changed, and nothing leaves this computer."), self
        )
        self._words.setProperty("role", "muted")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XXXL * 2, SPACE_XXXL * 2, SPACE_XXXL * 2, SPACE_XXXL * 2)
        layout.setSpacing(SPACE_M)
        layout.addStretch(1)
        layout.addWidget(self._picture, 8, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(SPACE_M)
        layout.addWidget(self._headline)
        layout.addWidget(self._words)
        layout.addSpacing(SPACE_S)
        layout.addLayout(self._buttons())
        layout.addSpacing(SPACE_L)
        layout.addLayout(self._examples(thumbnails, examples))
        layout.addStretch(1)
        look.theme.changed.connect(self.update)
        self.promise(self.tr("Drop photos or folders here"))

    def promise(self, headline: str) -> None:
        """What will happen to what is dropped."""
        self._headline.setText(headline)

    def show_example(self, before: QImage | None, after: QImage | None) -> None:
        """The chosen model's before and after."""
        self._picture.show_halves(before, after)

    def highlight(self, on: bool) -> None:
        """Something that can be dropped is over the window."""
        self._is_target = on
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = self._look.theme.tokens
        pen = QPen(QColor(tokens.accent_text if self._is_target else tokens.outline), 2.0 if self._is_target else 1.5)
        pen.setDashPattern(_DASH)
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.selected if self._is_target else tokens.surface))
        margin = SPACE_XXL + 3.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(margin, margin, -margin, -margin), RADIUS_DROP_AREA, RADIUS_DROP_AREA)

    def _buttons(self) -> QHBoxLayout:
        folder, pictures = QPushButton(self.tr("Choose folder"), self), QPushButton(self.tr("Choose pictures"), self)
        folder.setObjectName("choose_folder")
        folder.setProperty("role", "primary")
        folder.setToolTip(self.tr("All pictures in it and in the folders below it ({key})").format(key="Ctrl+Shift+O"))
        folder.clicked.connect(self.folder_asked)
        self._look.icons.set_on(folder, "folder-open", token="on_accent")
        pictures.setObjectName("choose_pictures")
        pictures.setToolTip(self.tr("One or many files ({key})").format(key="Ctrl+O"))
        pictures.clicked.connect(self.pictures_asked)
        self._look.icons.set_on(pictures, "image")
        line = QHBoxLayout()
        line.setSpacing(SPACE_M - 2)
        line.addStretch(1)
        line.addWidget(folder)
        line.addWidget(pictures)
        line.addStretch(1)
        return line

    def _examples(self, thumbnails: ThumbnailSource, examples: Sequence[Path]) -> QHBoxLayout:
        link = QPushButton(self.tr("Try it with the example pictures"), self)
        link.setObjectName("try_examples")
        link.setProperty("role", "link")
        link.setToolTip(self.tr("A few blurred photos that came with the program"))
        link.clicked.connect(self.examples_asked)
        self._look.icons.set_on(link, "arrow-right", token="accent_text")
        line = QHBoxLayout()
        line.setSpacing(SPACE_S)
        line.addStretch(1)
        for path in examples[:_MOST_EXAMPLES]:
            line.addWidget(_Example(path, thumbnails, self))
        line.addSpacing(SPACE_M)
        line.addWidget(link)
        line.addStretch(1)
        return line


class _BeforeAfter(QWidget):
    """The model's own before and after, as large as there is room."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._halves: tuple[QPixmap, QPixmap] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(_SMALLEST_PICTURE_HEIGHT)
        self.setMaximumHeight(_PICTURE.height())
        self.setFixedWidth(_PICTURE.width())

    def sizeHint(self) -> QSize:
        return _PICTURE

    def show_halves(self, before: QImage | None, after: QImage | None) -> None:
        if before is None or after is None:
            self._halves = None
        else:
            self._halves = QPixmap.fromImage(before), QPixmap.fromImage(after)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._halves is not None:
            painter = QPainter(self)
            paint_halves(painter, self.rect(), *self._halves, self._look, labels=True, handle=True)


class _Example(QWidget):
    def __init__(self, path: Path, thumbnails: ThumbnailSource, parent: QWidget) -> None:
        super().__init__(parent)
        self._path, self._thumbnails = path, thumbnails
        self.setFixedSize(_EXAMPLE)
        thumbnails.arrived.connect(self._on_arrived)

    def paintEvent(self, _: QPaintEvent) -> None:
        pixmap = self._thumbnails.pixmap(self._path, self.devicePixelRatioF())
        if pixmap is None:
            return
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        brush = pixmap.scaled(
            self.size() * self.devicePixelRatioF(),
            Qt.AspectRatioMode.KeepAspectRatioByExpanding,
            Qt.TransformationMode.SmoothTransformation,
        )
        brush.setDevicePixelRatio(self.devicePixelRatioF())
        painter.setBrush(brush)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(self.rect(), RADIUS_THUMBNAIL, RADIUS_THUMBNAIL)

    def _on_arrived(self, path: Path) -> None:
        if path == self._path:
            self.update()
