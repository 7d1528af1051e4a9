"""One window a person: a second start hands its files to the first and ends."""

import json
import logging
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

_CONNECT_MS, _ANSWER_MS = 500, 3000
_MOST_BYTES = 16 << 20  # of a list of paths; 50,000 long ones take half of it
_TAKEN = b"taken\n"


class SingleInstance(QObject):
    """Listens for later starts by the same person with the same data folder."""

    files_received = Signal(list)  # of Path; empty when the program was merely started again

    def __init__(self, data: Path, parent: QObject | None = None) -> None:
        """`data`: the person's data folder, which tells one person's programs from another's."""
        super().__init__(parent)
        self._name = "p2p-desktop-" + blake2b(str(data).encode(errors="surrogateescape"), digest_size=8).hexdigest()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)  # nobody else may send us files
        self._server.newConnection.connect(self._on_connection)

    def hand_over(self, paths: Sequence[Path]) -> bool:
        """Give the files to a program that runs already. False if there is none, which makes this one the first.

        A program that was killed leaves its socket behind; a connection tells that nobody listens there.
        """
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if socket.waitForConnected(_CONNECT_MS):
            socket.write(json.dumps([str(path) for path in paths]).encode() + b"\n")
            socket.flush()
            if socket.waitForReadyRead(_ANSWER_MS):
                return True
            log.warning("Another window runs but does not answer; this one opens beside it.")
            return False
        QLocalServer.removeServer(self._name)
        if not self._server.listen(self._name):
            log.warning("Later starts cannot be handed over: %s", self._server.errorString())
        return False

    def close(self) -> None:
        self._server.close()

    def _on_connection(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            _Caller(socket, self)


class _Caller(QObject):
    """One later start, until its line is complete."""

    def __init__(self, socket: QLocalSocket, instance: SingleInstance) -> None:
        super().__init__(socket)
        self._socket, self._instance = socket, instance
        self._received = b""
        socket.readyRead.connect(self._on_ready_read)
        socket.disconnected.connect(socket.deleteLater)
        self._on_ready_read()

    def _on_ready_read(self) -> None:
        self._received += bytes(self._socket.readAll().data())
        if len(self._received) > _MOST_BYTES:
            self._socket.abort()
        elif self._received.endswith(b"\n"):
            try:
                paths = [Path(text) for text in json.loads(self._received)]
            except (TypeError, ValueError):
                self._socket.abort()
                return
            self._socket.write(_TAKEN)
            self._socket.flush()
            self._instance.files_received.emit(paths)
