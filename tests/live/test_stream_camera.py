import itertools
import shutil
import socket
import ssl
import subprocess
import sys
import time

import pytest

from p2p_desktop.live import grabbing, http_address, mjpeg_camera
from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.sources import Address, open_source
from tests.live.clips import number_of, write_clip
from tests.live.reading import frames_for, next_frame, read_on, read_until
from tests.live.streams import Manners, MjpegServer, jpeg_of_frame


def opened(stream: MjpegServer, path: str = ""):
    return open_source(Address(stream.url + path))


def refusal(url: str) -> CameraError:
    with pytest.raises(CameraError) as error:
        open_source(Address(url))
    return error.value


def test_frames_come_at_the_rate_of_the_stream(stream):
    camera = opened(stream)
    next_frame(camera)
    frames = frames_for(camera, 1.0)
    camera.close()
    numbers = [number_of(frame.rgb) for frame in frames]
    assert numbers == sorted(set(numbers))
    assert 15 < len(frames) < 45
    assert int(frames[0].rgb[230, 10, 0]) > int(frames[0].rgb[230, 10, 2]) + 90  # red, not blue
    assert all(before.captured < after.captured for before, after in itertools.pairwise(frames))


@pytest.mark.parametrize(
    "manners",
    [
        Manners(has_length=False),
        Manners(is_chunked=True),
        Manners(boundary='"--my boundary"'),
        Manners(boundary="--frame", has_length=False, is_chunked=True),
        Manners(at_once=3),
        Manners(bad_every=2),
    ],
)
def test_every_kind_of_server_is_understood(stream, manners):
    stream.manners = manners
    camera = opened(stream)
    assert number_of(read_until(camera, lambda frame: number_of(frame.rgb) > 8).rgb) < 60
    camera.close()


def test_of_several_pictures_that_wait_the_newest_is_shown(stream):
    stream.manners.fps = 100.0
    camera = opened(stream)
    first = number_of(next_frame(camera).rgb)
    time.sleep(0.5)
    assert number_of(next_frame(camera).rgb) > first + 20
    camera.close()


def test_a_producer_without_measure_does_not_pile_up(stream):
    stream.manners.fps = 0.0
    camera = opened(stream)
    frames = frames_for(camera, 0.7)
    camera.close()
    assert frames
    assert time.monotonic() - frames[-1].captured < 0.7


def test_the_size_may_change(stream):
    camera = opened(stream)
    next_frame(camera)
    stream.manners.size = (640, 360)
    assert read_until(camera, lambda frame: frame.rgb.shape == (360, 640, 3))
    camera.close()


def test_reading_takes_no_longer_than_asked_for_and_closing_no_time(stream):
    camera = opened(stream)
    next_frame(camera)
    stream.manners.is_stalled = True
    frames_for(camera, 0.2)
    began = time.monotonic()
    assert camera.read(0.1) is None
    camera.close()
    camera.close()
    assert time.monotonic() - began < 0.6


def test_a_stream_that_is_cut_may_return_and_does(stream):
    camera = opened(stream)
    next_frame(camera)
    stream.cut()
    with pytest.raises(CameraError, match="has stopped") as error:
        read_on(camera)
    assert error.value.may_return
    camera.close()
    assert refusal(stream.url).may_return
    stream.start()
    camera = opened(stream)
    next_frame(camera)
    camera.close()


def test_a_stream_that_falls_silent_says_so(stream, monkeypatch):
    monkeypatch.setattr(mjpeg_camera, "SILENCE_S", 0.3)
    camera = opened(stream)
    next_frame(camera)
    stream.manners.is_stalled = True
    with pytest.raises(CameraError, match="Nothing comes") as error:
        read_on(camera)
    camera.close()
    assert error.value.may_return


def test_a_stream_of_rubbish_is_given_up(stream):
    stream.manners.rubbish = b"\xff\xd8 no picture \xff\xd9"
    camera = opened(stream)
    with pytest.raises(CameraError, match="cannot be read") as error:
        read_on(camera)
    camera.close()
    assert error.value.may_return


def test_a_name_and_a_password_are_given(stream):
    stream.manners.name_and_password = "anna:se/cret"
    assert "asks for a name and a password" in str(refusal(stream.url))
    wrong = refusal(stream.url.replace("//", "//anna:wrong@"))
    assert "does not accept" in str(wrong)
    assert "wrong" not in str(wrong)
    camera = open_source(Address(stream.url.replace("//", "//anna:se%2Fcret@")))
    next_frame(camera)
    camera.close()


def test_a_password_goes_along_to_the_same_host_only(stream):
    stream.manners.name_and_password = "anna:secret"
    stream.manners.redirect = "/moved"
    camera = open_source(Address(stream.url.replace("//", "//anna:secret@")))
    next_frame(camera)
    camera.close()
    stream.manners.redirect = f"http://localhost:{stream.port}/moved"
    assert "asks for a name" in str(refusal(stream.url.replace("//", "//anna:secret@")))


def test_addresses_may_hold_any_letter(stream):
    stream.manners.redirect = "/path?a=b c"
    camera = opened(stream, "?kamera=tür")
    next_frame(camera)
    camera.close()
    assert stream.requests == ["/video?kamera=t%C3%BCr", "/path?a=b%20c"]


def test_a_name_that_no_computer_can_have_is_said():
    assert "cannot be asked" in str(refusal("http://a..b/video"))


def test_redirects_end_somewhere(stream):
    stream.manners.redirect = "/video"
    assert "without end" in str(refusal(stream.url))
    stream.manners.redirect = "file:///etc/passwd"
    assert "cannot be watched" in str(refusal(stream.url))


@pytest.mark.parametrize(
    ("manners", "sentence"),
    [
        (Manners(status=404), "There is nothing at"),
        (Manners(status=403), "does not let you watch"),
        (Manners(content_type="text/html", body=b"<html>"), "is a web page"),
        (Manners(content_type="image/jpeg", body=b"x"), "is a single picture"),
        (Manners(content_type="application/json", body=b"{}"), "is no video"),
        (Manners(content_type="video/mp4", body=b"rubbish"), "No video comes from"),
        (Manners(content_type="multipart/x-mixed-replace"), "without saying where each begins"),
    ],
)
def test_what_is_no_stream_is_said(stream, manners, sentence):
    stream.manners = manners
    assert sentence in str(refusal(stream.url))


def test_a_problem_of_the_server_may_pass(stream):
    stream.manners.status = 503
    assert refusal(stream.url).may_return


def test_an_unknown_computer_is_said():
    assert "No computer is found" in str(refusal("http://nosuch.invalid/video"))


def test_a_closed_port_is_said():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert "Nothing answers at 127.0.0.1" in str(refusal(f"http://127.0.0.1:{port}/video"))
    assert "No video comes from 127.0.0.1" in str(refusal(f"rtsp://anna:secret@127.0.0.1:{port}/video"))


def test_what_does_not_answer_is_said_in_time(monkeypatch):
    monkeypatch.setattr(http_address, "SILENCE_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "does not answer" in str(refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/video"))


def test_what_is_no_web_server_is_said(stream):
    assert "is no web server" in str(refusal(stream.url.replace("http:", "https:")))


@pytest.fixture
def certificate(tmp_path):
    """Of localhost, made for itself; its key lies beside it."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by openssl")
    making = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    making += " -addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem"
    subprocess.run(making.split(), cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "certificate.pem"


def test_a_certificate_is_looked_at(certificate, monkeypatch):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
    stream = MjpegServer(tls=tls)
    url = f"https://localhost:{stream.port}/video"
    assert "cannot prove that it is who it says" in str(refusal(url))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    camera = open_source(Address(url))
    next_frame(camera)
    camera.close()
    stream.close()


@pytest.fixture
def video_server(stream, tmp_path):
    """A server that sends a whole video of a second."""
    stream.manners.content_type = "video/mp4"
    stream.manners.body = write_clip(tmp_path / "clip.mp4", 30, fps=30.0).read_bytes()
    return stream


def test_a_video_of_another_kind_plays_in_time_and_ends(video_server):
    camera = opened(video_server)
    first = next_frame(camera)
    frames = frames_for(camera, 0.7)
    with pytest.raises(VideoEnded):
        read_on(camera)
    camera.close()
    assert 6 < number_of(frames[-1].rgb) < 30
    assert frames[-1].captured - first.captured == pytest.approx((number_of(frames[-1].rgb) - number_of(first.rgb)) / 30, abs=0.2)


def test_a_tcp_stream_is_watched_until_it_is_cut(monkeypatch):
    monkeypatch.setattr(grabbing, "SILENCE_S", 20.0)
    pictures = b"".join(jpeg_of_frame(number, (320, 240)) for number in range(200))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        script = "import sys; from p2p_desktop.live.sources import *; c = open_source(Address(sys.argv[1]))\n"
        script += "n = 0\nwhile n < 3: n += c.read(0.5) is not None\nprint('seen')\n"
        script += "try:\n    while True: c.read(0.5)\nexcept Exception as e: print(e.may_return, e)\n"
        child = subprocess.Popen(
            [sys.executable, "-c", script, f"tcp://127.0.0.1:{server.getsockname()[1]}"], stdout=-1, stderr=-1, text=True
        )
        line, _ = server.accept()
        with line:
            line.sendall(pictures)
        out, complaints = child.communicate(timeout=40)
    assert out.startswith("seen\nTrue The video from 127.0.0.1")
    assert complaints == ""
