"""What side panels are made of: labels that belong to a control, lines between groups, and room to scroll."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget


def scrolling(inner: QWidget, parent: QWidget) -> QScrollArea:
    """Let `inner` scroll downwards where it has no room."""
    area = QScrollArea(parent)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inner)
    return area


def label_of(words: str, buddy: QWidget) -> QLabel:
    """Words that name a control, to screen readers, too."""
    label = QLabel(words)
    label.setProperty("role", "label")
    label.setBuddy(buddy)
    return label


def separator(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setProperty("role", "separator")
    line.setFixedHeight(1)
    return line
