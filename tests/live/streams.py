"""A real MJPEG server on loopback with the manners of cameras in networks: lines break off, sizes change, rubbish is sent."""

import base64
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.live.clips import drawn_frame, jpeg_of

jpeg_of_frame = lru_cache(1024)(lambda number, size: jpeg_of(drawn_frame(number, size)))


@dataclass
class Manners:
    """How the server behaves. May be changed while it serves, from any thread."""

    fps: float = 30.0
    """0 sends as fast as the reader takes."""
    size: tuple[int, int] = (320, 240)
    """(width, height) in pixels."""
    has_length: bool = True
    is_chunked: bool = False
    boundary: str = "frame"
    """As in the header; may be quoted or begin with dashes."""
    content_type: str | None = None
    """In place of multipart/x-mixed-replace."""
    status: int = 200
    body: bytes | None = None
    """Sent once, in place of the stream."""
    name_and_password: str | None = None
    """As "name:password"; whoever does not give it gets 401."""
    redirect: str | None = None
    at_once: int = 1
    """Parts that are sent together, at the time of the last."""
    is_stalled: bool = False
    """Nothing is sent, and the line stays."""
    rubbish: bytes | None = None
    """Sent in place of every picture."""
    bad_every: int = 0
    """Every so-manieth picture is cut in half; 0 for none."""
    headers: dict[str, str] = field(default_factory=dict)


class MjpegServer:
    """Serves drawn frames at every path, each reader from the number that is due."""

    def __init__(self, manners: Manners | None = None, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: served as https. Its lines cannot be cut."""
        self._tls = tls
        self.manners = manners or Manners()
        self.requests: list[str] = []
        """Paths that were asked for."""
        self.num_sent = 0
        self.sent_at: dict[int, float] = {}
        """When each picture was sent last, by its number: seconds of `time.monotonic()`."""
        self._port = port
        self._lines: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def num_lines(self) -> int:
        """How many readers are there now."""
        return len(self._lines)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/video"

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        """Serve, on the same port as before."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: object) -> None:
                pass  # readers leave

        self._server = Server(("127.0.0.1", self._port), Handler)
        if self._tls is not None:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def cut(self) -> None:
        """Every line breaks off, and nobody answers any more."""
        assert self._server
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self.cut_lines()

    def cut_lines(self) -> None:
        """Every line breaks off; who asks again is answered."""
        for line in list(self._lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._server is not None:
            self.cut()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(handler.path)
        manners = self.manners
        handler.close_connection = True
        if manners.redirect is not None and handler.path.partition("?")[0] == "/video":
            self._head(handler, 302, {"Location": manners.redirect, "Content-Length": "0"})
            return
        if manners.name_and_password is not None:
            wanted = "Basic " + base64.b64encode(manners.name_and_password.encode()).decode()
            if handler.headers.get("Authorization") != wanted:
                self._head(handler, 401, {"WWW-Authenticate": 'Basic realm="camera"', "Content-Length": "0"})
                return
        kind = manners.content_type or f"multipart/x-mixed-replace; boundary={manners.boundary}"
        header = {"Content-Type": kind, **manners.headers}
        if manners.body is not None or manners.status != 200:
            body = manners.body or b""
            self._head(handler, manners.status, {**header, "Content-Length": str(len(body))})
            handler.wfile.write(body)
            return
        self._head(handler, 200, header | ({"Transfer-Encoding": "chunked"} if manners.is_chunked else {"Connection": "close"}))
        self._lines.add(handler.connection)
        try:
            for data in self._parts():
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if manners.is_chunked else data)
        except OSError:
            pass
        finally:
            self._lines.discard(handler.connection)

    def _parts(self) -> Iterator[bytes]:
        began, number = time.monotonic(), 0
        gathered: list[bytes] = []
        name = self.manners.boundary.strip('"').lstrip("-").encode()
        while self._server is not None:
            manners = self.manners
            if manners.is_stalled:
                time.sleep(0.01)
                continue
            if manners.fps:
                time.sleep(max(0.0, began + number / manners.fps - time.monotonic()))
            picture = jpeg_of_frame(number % 4096, manners.size) if manners.rubbish is None else manners.rubbish
            if manners.bad_every and number % manners.bad_every == 0:
                picture = picture[: len(picture) // 2]
            length = b"Content-Length: %d\r\n" % len(picture) if manners.has_length else b""
            gathered.append(b"--%b\r\nContent-Type: image/jpeg\r\n%b\r\n%b\r\n" % (name, length, picture))
            self.sent_at[number] = time.monotonic()
            number += 1
            if len(gathered) >= manners.at_once:
                yield b"".join(gathered)
                self.num_sent += len(gathered)
                gathered.clear()

    @staticmethod
    def _head(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
