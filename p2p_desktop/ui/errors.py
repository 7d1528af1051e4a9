"""The last net: an exception that nobody caught becomes a sentence in the window and a traceback in the log."""

import logging
import sys
import threading
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Signal

log = logging.getLogger(__name__)

_MOST_KEPT = 20  # tracebacks for the report; the log has all of them


class UncaughtErrors(QObject):
    """Takes over `sys.excepthook` and `threading.excepthook`, and keeps the window alive.

    PySide calls the first for exceptions in slots and event handlers, and goes on with the event loop.
    """

    happened = Signal(str)  # a short line for the person

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.reports: list[str] = []
        self._usual = sys.excepthook, threading.excepthook

    def take_over(self) -> None:
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def give_back(self) -> None:
        sys.excepthook, threading.excepthook = self._usual

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._usual[0](kind, error, trace)
            return
        log.critical("an exception that nobody caught", exc_info=(kind, error, trace))
        self.reports.append("".join(traceback.format_exception(kind, error, trace)))
        del self.reports[:-_MOST_KEPT]
        self.happened.emit(f"{kind.__name__}: {error}")  # delivered in the GUI thread, whatever thread this is

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)
