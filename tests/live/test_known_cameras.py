from dataclasses import dataclass

from p2p_desktop.live.known_cameras import known_cameras


@dataclass
class Listed:
    index: int
    name: str | None
    path: str | None = None


def test_this_computer_can_be_asked():
    assert isinstance(known_cameras(), tuple)


def test_cameras_of_the_same_name_are_told_apart():
    cameras = known_cameras(lambda _: [Listed(2, "Webcam", "/dev/video2"), Listed(0, "Webcam", "/dev/video0")], "linux")
    assert [(camera.index, camera.backend, camera.name) for camera in cameras] == [(0, 200, "Webcam"), (2, 200, "Webcam (2)")]


def test_a_camera_without_a_name_has_a_number():
    assert known_cameras(lambda _: [Listed(3, None)], "linux")[0].name == "Camera 3"


def test_the_second_backend_of_windows_adds_only_what_the_first_does_not_know():
    usb = r"\\?\usb#vid_046d&pid_0825#6&1&0&0000"
    lists = {
        1400: [Listed(0, "Webcam", usb + "#{e5323777-f976-4f5b-9b55-b94699c46e44}\\global")],
        700: [
            Listed(0, "OBS Virtual Camera"),
            Listed(1, "Webcam", usb.upper() + "#{65e8773d-8f56-11d0-a3b9-00a0c9223196}\\global"),
        ],
    }
    cameras = known_cameras(lists.__getitem__, "win32")
    assert [(camera.index, camera.backend, camera.name) for camera in cameras] == [
        (0, 1400, "Webcam"),
        (0, 700, "OBS Virtual Camera"),
    ]


def test_a_list_that_cannot_be_read_takes_nothing_else_away(caplog):
    def listed(backend):
        if backend == 1400:
            raise OSError("the driver")
        return [Listed(0, "Webcam")]

    assert [camera.name for camera in known_cameras(listed, "win32")] == ["Webcam"]
    assert "cannot be read" in caplog.text
