"""The bar above Live: which camera, how it is shown, how large."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_M, SPACE_S, TOP_BAR_HEIGHT
from p2p_desktop.ui.widgets import SegmentedControl

if TYPE_CHECKING:  # a room that is imported when it is needed
    from p2p_desktop.live.sources import Source

_WORDS_WIDTH = 760  # pixels of the bar, below which segments become icons
_LEAST_CAMERA, _MOST_CAMERA = 150, 320
FILE, ADDRESS = "file", "address"


class LiveTopBar(QFrame):
    source_chosen = Signal(object)  # live.sources.Source
    file_asked = Signal()
    address_asked = Signal()
    refresh_asked = Signal()
    full_screen_asked = Signal()

    def __init__(self, look: Look, view: CompareView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._view = look, view
        self._source: Source | None = None
        self.setProperty("role", "top_bar")
        self.setFixedHeight(TOP_BAR_HEIGHT)
        self._icon = QLabel(self)
        self._camera = QComboBox(self)
        self._camera.setObjectName("live_camera")
        self._camera.setAccessibleName(self.tr("Camera"))
        self._camera.setToolTip(self.tr("A camera, a video file or the address of a stream"))
        self._camera.setMinimumWidth(_LEAST_CAMERA)
        self._camera.setMaximumWidth(_MOST_CAMERA)
        self._camera.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._camera.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._camera.setMinimumContentsLength(20)
        self._camera.addItem(self.tr("Looking for cameras"))
        self._camera.activated.connect(self._on_activated)
        refresh = self._tool("live_refresh", "arrow-clockwise", self.tr("Open again"))
        refresh.setToolTip(self.tr("Looks for cameras, and opens this one again (F5)"))
        refresh.clicked.connect(self.refresh_asked)
        self._mode = SegmentedControl(
            look,
            [
                ("divider", self.tr("Split"), "square-half", self.tr("Both in one picture; drag the line, or use Left and Right")),
                ("side_by_side", self.tr("Side by side"), "columns", self.tr("Both at the same place and zoom")),
                ("result", self.tr("Result only"), "image", self.tr("Space shows the camera")),
            ],
            self,
        )
        self._mode.setObjectName("live_mode")
        self._mode.setAccessibleName(self.tr("How camera and result are shown"))
        self._mode.chosen.connect(self._on_mode_chosen)
        self._fit = self._tool("live_fit", "frame-corners", self.tr("Fit"))
        self._fit.setToolTip(self.tr("The whole picture again (F); the wheel zooms"))
        self._fit.clicked.connect(view.zoom_fit)
        self._full = self._tool("live_full_screen", "corners-out", self.tr("Full screen"))
        self._full.setToolTip(self.tr("Nothing but the picture and the verbs (F11); Esc comes back"))
        self._full.clicked.connect(self.full_screen_asked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_M + 2, 0, SPACE_M, 0)
        layout.setSpacing(SPACE_S)
        layout.addWidget(self._icon)
        layout.addWidget(self._camera, 3)
        layout.addWidget(refresh)
        layout.addStretch(2)
        layout.addWidget(self._mode)
        layout.addSpacing(SPACE_S)
        layout.addWidget(self._fit)
        layout.addWidget(self._full)
        look.icons.ready.connect(self._on_look_changed)
        look.theme.changed.connect(self._on_look_changed)
        view.zoom_changed.connect(self._on_zoom_changed)
        self._on_look_changed()
        self._on_zoom_changed(1.0)

    def offer(self, sources: Sequence[tuple[str, "Source"]], chosen: "Source | None") -> None:
        """List what can be watched, (title, source) each, and show what is."""
        self._source = chosen
        if self._camera.view().isVisible():  # it would move under the hand that chooses
            self._camera.hidePopup()
        blocker = QSignalBlocker(self._camera)
        self._camera.clear()
        for title, source in sources:
            self._camera.addItem(title, source)
        self._camera.insertSeparator(self._camera.count())
        self._camera.addItem(self.tr("Video file\u2026"), FILE)
        self._camera.addItem(self.tr("Address of a stream\u2026"), ADDRESS)
        del blocker
        self._show_chosen()

    def before_in_order(self, view: QWidget) -> None:
        """Let the keyboard come from this bar to the picture below it."""
        QWidget.setTabOrder(self._full, view)

    @property
    def mode(self) -> str:
        return self._mode.choice

    def choose_mode(self, mode: str) -> None:
        self._mode.choose(mode)
        self._on_mode_chosen(self._mode.choice)

    def _show_chosen(self) -> None:
        found = next((index for index in range(self._camera.count()) if self._camera.itemData(index) == self._source), -1)
        self._camera.setCurrentIndex(found)
        self._camera.setAccessibleDescription(self._camera.currentText())

    def _tool(self, name: str, icon: str, words: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setProperty("role", "icon")
        button.setAccessibleName(words)
        self._look.icons.set_on(button, icon)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._mode.show_icons(self.width() < _WORDS_WIDTH)

    def _on_activated(self, index: int) -> None:
        wanted = self._camera.itemData(index)
        self._show_chosen()  # whoever opens it says when it is the chosen one
        if wanted == FILE:
            self.file_asked.emit()
        elif wanted == ADDRESS:
            self.address_asked.emit()
        elif wanted is not None:
            self.source_chosen.emit(wanted)

    def _on_mode_chosen(self, mode: str) -> None:
        self._view.set_mode(mode)  # type: ignore[arg-type]  # the segments hold nothing else

    def _on_zoom_changed(self, _: float) -> None:
        self._fit.setEnabled(self._view.has_picture)

    def _on_look_changed(self) -> None:
        self._icon.setPixmap(self._look.icons.pixmap("video-camera", "muted", BUTTON_ICON, self.devicePixelRatioF()))
