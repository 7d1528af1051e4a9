"""Whether things may move."""

from PySide6.QtWidgets import QStyle, QWidget


def is_animated(widget: QWidget) -> bool:
    """Tell whether the system wants motion."""
    return widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget) > 0
