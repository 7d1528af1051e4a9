import subprocess
import sys

import pytest

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.sources import Address, Device, VideoFile, source_of

INNER, OUTER, STICK = Device(0, 200, "Integrated Camera"), Device(2, 200, "USB Camera"), Device(4, 200, "Video Stick")
DEVICES = (INNER, OUTER, STICK)


@pytest.mark.parametrize(
    ("text", "device"),
    [("0", INNER), (" 2 ", OUTER), ("video stick", STICK), ("USB", OUTER), ("integrated camera", INNER)],
)
def test_a_camera_is_meant_by_its_number_or_name_or_a_part_of_it(text, device):
    assert source_of(text, DEVICES) is device


def test_nought_is_the_first_camera_where_none_has_it():
    assert source_of("0", DEVICES[1:]) is OUTER


def test_a_name_that_is_part_of_another_is_meant_itself():
    longer = Device(6, 200, "USB Camera (2)")
    assert source_of("usb camera", (longer, OUTER)) is OUTER


def test_a_part_of_two_names_is_asked_about():
    with pytest.raises(CameraError, match=r"fits several cameras: Integrated Camera \(0\), USB Camera \(2\)"):
        source_of("camera", DEVICES)


def test_an_existing_file_is_a_video(tmp_path):
    path = tmp_path / "eine Straße.mp4"
    path.write_bytes(b"x")
    assert source_of(str(path), DEVICES) == VideoFile(path)
    assert VideoFile(path).title == "eine Straße.mp4"


@pytest.mark.parametrize(("text", "what"), [("nosuch.mp4", '"nosuch.mp4".*USB Camera'), ("7", "number 7.*USB Camera"), ("", '""')])
def test_what_is_not_there_is_said_with_what_is(text, what):
    with pytest.raises(CameraError, match=what):
        source_of(text, DEVICES)


def test_a_computer_without_cameras_says_so():
    with pytest.raises(CameraError, match="No camera was found"):
        source_of("0", ())


def test_what_is_too_long_for_a_path_is_no_file():
    with pytest.raises(CameraError, match="no camera, video file or address"):
        source_of("a" * 5000, [])


def test_a_folder_is_no_video(tmp_path):
    with pytest.raises(CameraError, match="is a folder"):
        source_of(str(tmp_path), DEVICES)


@pytest.mark.parametrize(
    "url", ["http://cam/video", "https://cam/video", "rtsp://cam", "rtmp://cam/a", "udp://@:1234", "tcp://cam:5"]
)
def test_addresses_of_streams_are_taken(url):
    assert source_of(url, ()) == Address(url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "concat://a", "ftp://cam/a", "://x", "http://", "http://cam:port/", "http://cam/a b"]
)
def test_other_addresses_are_refused(url):
    with pytest.raises(CameraError, match=r"[aA]ddress"):
        source_of(url, ())


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("http://anna:secret@cam:8080/video/", "cam:8080/video"),
        ("http://cam/video?user=anna&pwd=secret", "cam/video"),
        ("rtsp://10.0.0.2:554/user=anna_password=secret_channel=1.sdp", "10.0.0.2:554"),
        ("udp://@:1234", "port 1234"),
        ("http://anna:sec%2Fret@[fe80::1]:80/", "[fe80::1]:80"),
    ],
)
def test_nobody_reads_a_password(url, title):
    address = Address(url)
    assert address.title == title
    assert "anna" not in repr(address)


def test_a_password_with_signs_of_addresses_is_not_taken_for_a_host():
    for url in ("rtsp://anna:12/34@cam/", "http://anna:12#34@cam/", "http://anna:se/cret@cam/"):
        with pytest.raises(CameraError) as refusal:
            Address(url)
        assert "anna" not in str(refusal.value)


def test_cameras_are_named_without_opencv():
    script = "import sys, p2p_desktop.live.sources, p2p_desktop.live.known_cameras; print({'cv2', 'numpy'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip() == "set()"
