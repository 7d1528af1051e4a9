"""The bar above the compare view: which picture, how it is shown, how large."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_M, SPACE_S, SPACE_XS, TOP_BAR_HEIGHT
from p2p_desktop.ui.widgets import ElidedLabel, SegmentedControl

_WORDS_WIDTH, _FACTS_WIDTH = 720, 520  # pixels of the bar, below which there is no room for them


class CompareBar(QFrame):
    def __init__(self, look: Look, view: CompareView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._is_narrow = False
        self.setProperty("role", "top_bar")
        self.setFixedHeight(TOP_BAR_HEIGHT)
        self._name, self._facts = ElidedLabel(self), QLabel(self)
        self._name.setObjectName("compare_name")
        self._name.setProperty("role", "label")
        self._facts.setObjectName("compare_facts")
        self._facts.setProperty("role", "muted")
        self._mode = SegmentedControl(
            look,
            [
                (
                    "divider",
                    self.tr("Divider"),
                    "square-half",
                    self.tr("Both in one picture; drag the line, or use Left and Right"),
                ),
                ("side_by_side", self.tr("Side by side"), "columns", self.tr("Both at the same place and zoom")),
                ("result", self.tr("Result"), "image", self.tr("Only the result; space shows the source")),
            ],
            self,
        )
        self._mode.setObjectName("compare_mode")
        self._mode.setAccessibleName(self.tr("How before and after are shown"))
        self._mode.chosen.connect(self._on_mode_chosen)
        self._zoom = QLabel(self)
        self._zoom.setObjectName("compare_zoom")
        self._zoom.setProperty("role", "muted")
        self._zoom.setToolTip(self.tr("100 %: one pixel of the picture is one of the screen. The wheel changes it."))
        usual = self._zoom.fontMetrics().horizontalAdvance(self._percent(1.0))
        self._zoom.setMinimumWidth(usual)  # so that what is beside it does not move with every step
        fit, actual = QToolButton(self), QToolButton(self)
        fit.setObjectName("compare_fit")
        fit.setAccessibleName(self.tr("Fit"))
        fit.setToolTip(self.tr("The whole picture (F)"))
        fit.clicked.connect(view.zoom_fit)
        look.icons.set_on(fit, "corners-out")
        actual.setObjectName("compare_actual")
        actual.setText(self.tr("1:1"))
        actual.setAccessibleName(self.tr("Actual size"))
        actual.setToolTip(self.tr("One pixel of the picture is one of the screen (1)"))
        actual.clicked.connect(view.zoom_actual)
        for button in (fit, actual):
            button.setProperty("role", "icon")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE_M + 2, 0, SPACE_M, 0)
        layout.setSpacing(SPACE_M)
        self._name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)  # the facts stand right behind it
        layout.addWidget(self._name)
        layout.addWidget(self._facts)
        layout.addStretch(1)
        layout.addWidget(self._mode)
        layout.addSpacing(SPACE_XS)
        layout.addWidget(self._zoom)
        layout.addWidget(fit)
        layout.addWidget(actual)
        layout.setSpacing(SPACE_S)
        view.zoom_changed.connect(self._on_zoom_changed)
        self._on_zoom_changed(view.zoom)

    def describe(self, name: str, facts: str = "") -> None:
        """Say which picture is shown, and what is known of it."""
        self._name.setText(name)
        self._facts.setText(facts)

    def set_narrow(self, on: bool) -> None:
        self._is_narrow = on
        self._make_room()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """What the picture is called matters more than words beside icons, and than facts."""
        self._mode.show_icons(self._is_narrow or self.width() < _WORDS_WIDTH)
        self._facts.setVisible(self.width() >= _FACTS_WIDTH)

    def _on_mode_chosen(self, mode: str) -> None:
        self._view.set_mode(mode)  # type: ignore[arg-type]  # the segments hold nothing else

    def _on_zoom_changed(self, zoom: float) -> None:
        self._zoom.setText(self._percent(zoom))
        self._zoom.setVisible(self._view.has_picture)

    def _percent(self, zoom: float) -> str:
        percent = zoom * 100
        return self.tr("{percent} %").format(percent=f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}")
