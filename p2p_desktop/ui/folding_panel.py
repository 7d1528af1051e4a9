"""A side panel that folds to a strip where the window is narrow, and opens from there over the picture."""

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QFrame, QHBoxLayout, QSizePolicy, QStyle, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import FOLDED_PANEL_WIDTH, PANEL_MS, SPACE_M, SPACE_XXXL, TEXT_ICON


class FoldingPanel(QWidget):
    """Holds `panel`: beside the page, or behind a strip. The panel opens over the strip's parent."""

    def __init__(self, look: Look, panel: QFrame, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self._panel = panel
        self._is_narrow = False
        self._strip = _Strip(look, title, self)
        self._strip.clicked.connect(self._on_strip_clicked)
        self._strip.hide()
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)
        self._layout.addWidget(panel)
        self._layout.addWidget(self._strip)
        self._motion = QPropertyAnimation(panel, b"geometry", self)
        self._motion.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    @property
    def is_open(self) -> bool:
        return self._panel.isVisible()

    def set_title(self, title: str) -> None:
        """What the strip says."""
        self._strip.set_title(title)

    def set_narrow(self, on: bool) -> None:
        if on == self._is_narrow:
            return
        self._is_narrow = on
        self._motion.stop()
        self._strip.setVisible(on)
        if on:
            self._layout.removeWidget(self._panel)
            self._panel.setParent(self._page)
            self._panel.hide()
            self._page.installEventFilter(self)
            self._panel.installEventFilter(self)
        else:
            self._page.removeEventFilter(self)
            self._panel.removeEventFilter(self)
            self._watch_clicks(False)
            self._panel.setParent(self)
            self._layout.insertWidget(0, self._panel)
            self._panel.show()
        self._strip.set_open(False)

    def open(self) -> None:
        """Let the panel come over the page, if it is folded."""
        if not self._is_narrow or self._panel.isVisible():
            return
        closed, opened = self._places()
        self._panel.setGeometry(opened)
        self._panel.show()
        self._panel.raise_()
        self._strip.set_open(True)
        self._watch_clicks(True)
        if self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self) > 0:
            self._motion.setDuration(PANEL_MS)
            self._motion.setStartValue(closed)
            self._motion.setEndValue(opened)
            self._motion.start()
        self._panel.setFocus(Qt.FocusReason.OtherFocusReason)

    def fold(self) -> None:
        """Let the panel go behind its strip, which then has the keyboard if nothing else has."""
        if not self._is_narrow or not self._panel.isVisible():
            return
        held = QApplication.focusWidget()
        self._motion.stop()
        self._watch_clicks(False)
        self._panel.hide()
        self._strip.set_open(False)
        if held is None or held is self._panel or self._panel.isAncestorOf(held):
            self._strip.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            is_press = event.type() == QEvent.Type.MouseButtonPress
            if is_press and isinstance(watched, QWidget) and self._is_outside(watched, event.globalPosition().toPoint()):
                self.fold()
            return False  # the click does what it would have done anyway
        if watched is self._page and event.type() == QEvent.Type.Resize and self._panel.isVisible():
            self._panel.setGeometry(self._places()[1])
        elif (
            watched in (self._page, self._panel)  # whatever has the keyboard had no use for the key
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
            and self._panel.isVisible()
        ):
            self.fold()
            return True
        return False

    def _watch_clicks(self, on: bool) -> None:
        """Only while the panel is open: every event of the program comes by then."""
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
            if on:
                application.installEventFilter(self)

    def _is_outside(self, clicked: QWidget, place: QPoint) -> bool:
        """Tell whether a click, at a place of the screen, is on the rest of the window; menus of the panel are other windows.

        By its place: a click on the panel that nothing there has a use for comes to the page, too.
        """
        inside = (self._panel, self._strip)
        return clicked.window() is self.window() and not any(one.rect().contains(one.mapFromGlobal(place)) for one in inside)

    def _places(self) -> tuple[QRect, QRect]:
        width = self._panel.maximumWidth()
        opened = QRect(self.x() - width, self.y(), width, self.height())
        return opened.translated(width, 0), opened

    def _on_strip_clicked(self) -> None:
        if self._panel.isVisible():
            self.fold()
        else:
            self.open()


class _Strip(QAbstractButton):
    """The folded panel: an arrow, and what is behind it, from top to bottom."""

    def __init__(self, look: Look, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._icon = "caret-double-left"
        self.setObjectName("panel_strip")
        self.setFixedWidth(FOLDED_PANEL_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setToolTip(self.tr("Opens over the picture; the window is too narrow to show both."))
        look.icons.ready.connect(self.update)
        look.theme.changed.connect(self.update)
        self.set_title(title)

    def set_title(self, title: str) -> None:
        self.setText(title)
        self.setAccessibleName(title)
        self.update()

    def set_open(self, on: bool) -> None:
        self._icon = "caret-double-right" if on else "caret-double-left"
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(FOLDED_PANEL_WIDTH, 200)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._look.theme
        painter.fillRect(self.rect(), theme.color("hover" if self.underMouse() else "surface"))
        painter.fillRect(0, 0, 1, self.height(), theme.color("border"))
        icon = self._look.icons.pixmap(self._icon, "muted", TEXT_ICON, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - TEXT_ICON) // 2, SPACE_M + 2, icon)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("text"))
        painter.translate(self.width() / 2, SPACE_XXXL * 2 + SPACE_M)
        painter.rotate(90)
        metrics = painter.fontMetrics()
        room = self.height() - 2 * SPACE_XXXL - 2 * SPACE_M
        words = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(0, metrics.ascent() - metrics.height() // 2, words)
