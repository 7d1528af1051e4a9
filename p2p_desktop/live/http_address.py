"""What an http or https address answers: redirects followed, name and password given, what goes wrong said in sentences."""

import base64
import contextlib
import socket
import ssl
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, InvalidURL
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.sources import Address
from training.contract.version import __version__

SILENCE_S = 5.0  # without a byte
_MOST_REDIRECTS = 5
_NOT_QUOTED = "/?%:@!$&'()*+,;=~-._[]|"  # so that only spaces, and letters beyond ASCII, are written otherwise
_REDIRECTS = (301, 302, 303, 307, 308)


class Answer:
    """An answer whose content is still to be read. One thread reads and closes."""

    def __init__(self, url: str, connection: HTTPConnection, response: HTTPResponse, line: socket.socket) -> None:
        self.url = url
        """After all redirects. May hold a name and a password."""
        self._connection, self._response, self._line = connection, response, line
        self._header: Message = response.headers

    @property
    def kind(self) -> str:
        """Such as "video/mp4", in lower case; "application/octet-stream" where nothing is said."""
        return self._header.get_content_type() if "Content-Type" in self._header else "application/octet-stream"

    @property
    def boundary(self) -> str | None:
        """Between the parts of a multipart answer, without quotes; None where none is given."""
        return self._header.get_boundary()

    def read(self) -> bytes:
        """What is there, as soon as there is something; empty at the end. Raises OSError, HTTPException."""
        return self._response.read1(2**18)

    def stop(self) -> None:
        """Whoever reads is woken, and must close. Thread-safe."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._response.close()  # it has taken the line from the connection
        with contextlib.suppress(OSError):
            self._connection.close()


def ask(address: Address) -> Answer:
    """Raises CameraError unless it answers with content."""
    title = address.title
    url = address.url
    credentials = _credentials(urlsplit(url))
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            answer, moved_to = _ask_once(url, credentials, title)
            there = urlsplit(urljoin(url, moved_to))
        except InvalidURL:
            raise _ill_written(title) from None  # the cause repeats the address
        except (OSError, HTTPException) as error:  # before ValueError: distrust of a certificate is one, too
            raise _failure(title, error) from error
        except ValueError:
            raise _ill_written(title) from None
        if answer is not None:
            return answer
        if there.scheme not in ("http", "https") or not there.hostname:
            raise CameraError(f"{title} leads to an address that cannot be watched. Use the address of the stream itself.")
        url = _with_credentials(there, urlsplit(url)).geturl()
        credentials = _credentials(urlsplit(url))
    raise CameraError(f"{title} leads from one address to the next without end. Use the address of the stream itself.")


def _ask_once(url: str, credentials: str | None, title: str) -> tuple[Answer | None, str]:
    """The answer, or where it has moved to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=SILENCE_S, context=ssl.create_default_context())
    else:
        connection = HTTPConnection(host, parts.port, timeout=SILENCE_S)
    headers = {"User-Agent": f"p2p-desktop/{__version__}", "Accept": "*/*"}
    if credentials:
        headers["Authorization"] = f"Basic {credentials}"
    response: HTTPResponse | None = None
    is_kept = False
    try:
        connection.connect()
        line = connection.sock  # the response takes it away from the connection
        connection.request("GET", _asked_path(parts), headers=headers)
        response = connection.getresponse()
        if response.status in _REDIRECTS and response.headers.get("Location"):
            return None, str(response.headers["Location"])
        if response.status != 200:
            raise _refusal(title, response.status, has_credentials=bool(credentials))
        is_kept = True
        return Answer(url, connection, response, line), ""
    finally:
        if not is_kept:
            if response is not None:
                response.close()
            connection.close()


def _asked_path(parts: SplitResult) -> str:
    return quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_NOT_QUOTED)


def _with_credentials(there: SplitResult, here: SplitResult) -> SplitResult:
    """A name and a password are for the host to which they were given, and never go over an open line after a closed one."""
    is_theirs = there.hostname == here.hostname and (here.scheme, there.scheme) != ("https", "http")
    if "@" in there.netloc or "@" not in here.netloc or not is_theirs:
        return there
    return there._replace(netloc=f"{here.netloc.rpartition('@')[0]}@{there.netloc}")


def _credentials(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    return base64.b64encode(f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()).decode()


def _refusal(title: str, status: int, *, has_credentials: bool) -> CameraError:
    if status == 401 and has_credentials:
        return CameraError(f"{title} does not accept this name and password. Correct them in the address.")
    if status == 401:
        return CameraError(
            f"{title} asks for a name and a password. Write them into the address, as in http://name:password@camera/video."
        )
    if status == 403:
        return CameraError(f"{title} does not let you watch. Ask whoever looks after it.")
    if status in (404, 410):
        return CameraError(f"There is nothing at {title}. See whether the address is right to its end.")
    if status >= 500:
        return CameraError(f"{title} has a problem of its own and sends nothing. Try again later.", may_return=True)
    return CameraError(f"{title} does not send a video. See whether the address is right to its end.")


def _ill_written(title: str) -> CameraError:
    return CameraError(f"{title} cannot be asked: its address, or one that it leads to, is not well written. Correct it.")


def _failure(title: str, error: OSError | HTTPException) -> CameraError:
    if isinstance(error, socket.gaierror):
        is_passing = error.errno == socket.EAI_AGAIN
        return CameraError(
            f"No computer is found by the name in {title}. See whether it is spelt right, and the network is there.",
            may_return=is_passing,
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return CameraError(
            f"{title} cannot prove that it is who it says, so nothing was sent to it. Use its http address in a network you trust."
        )
    if isinstance(error, ssl.SSLError | HTTPException) and not isinstance(error, ConnectionError):
        return CameraError(
            f"What answers at {title} is no web server. See whether the address and the number behind the colon are right."
        )
    if isinstance(error, TimeoutError):
        return CameraError(
            f"{title} does not answer. See whether it is switched on, and whether the address is right.", may_return=True
        )
    return CameraError(
        f"Nothing answers at {title}. See whether it is switched on, and whether the address is right.", may_return=True
    )
