"""Until when a test waits for threads to end."""

from PySide6.QtCore import QDeadlineTimer


def soon() -> QDeadlineTimer:
    """Long enough on two slow cores."""
    return QDeadlineTimer(20_000)
