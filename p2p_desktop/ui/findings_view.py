"""What the doctor found, one below the other: a sign, what it is about, and what to do."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import BUTTON_ICON, SPACE_L, SPACE_M

_SIGNS = {
    "ok": ("check-circle-fill", "success"),
    "warning": ("warning-fill", "warning"),
    "failed": ("warning-circle-fill", "error"),
}
_MAY_BREAK = "\u200b"  # a space of no width: paths are long, and have no spaces to break lines at


class FindingsView(QWidget):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._findings: list[dict[str, Any]] = []  # Any: JSON
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(SPACE_L)
        look.theme.changed.connect(self._rebuild)
        look.icons.ready.connect(self._rebuild)

    def show_findings(self, findings: Sequence[dict[str, Any]]) -> None:  # Any: JSON
        """In this order. Fields that are missing are left out."""
        if list(findings) != self._findings:
            self._findings = list(findings)
            self._rebuild()

    def _rebuild(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for finding in self._findings:
            self._layout.addWidget(self._row(finding))

    def _row(self, finding: dict[str, Any]) -> QWidget:  # Any: JSON
        row = QWidget(self)
        state = str(finding.get("state", "ok"))
        icon, token = _SIGNS.get(state, _SIGNS["failed"])
        sign = QLabel(row)
        sign.setPixmap(self._look.icons.pixmap(icon, token, BUTTON_ICON, self.devicePixelRatioF()))
        words = {"ok": self.tr("Good"), "warning": self.tr("Warning")}.get(state, self.tr("Failed"))
        sign.setAccessibleName(words)
        sign.setToolTip(words)
        column = QVBoxLayout()
        column.setSpacing(1)
        title = str(finding.get("title") or finding.get("subject", ""))
        for text, role in ((title, "label"), (finding.get("message", ""), "small"), (finding.get("remedy", ""), "small")):
            if text:
                label = QLabel(_breakable(str(text)), row)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setProperty("role", role)
                label.setWordWrap(True)
                column.addWidget(label)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE_M)
        layout.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(column, 1)
        return row


def _breakable(text: str) -> str:
    return text.replace("/", f"/{_MAY_BREAK}").replace("\\", f"\\{_MAY_BREAK}")
