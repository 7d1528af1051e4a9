"""The address of a stream as a camera: read by ourselves where it is MJPEG over HTTP, else by FFmpeg."""

import cv2

from p2p_desktop.live.camera import CameraError, VideoEnded
from p2p_desktop.live.grabbing import GrabbedCamera, Words
from p2p_desktop.live.http_address import ask
from p2p_desktop.live.mjpeg_camera import MjpegCamera
from p2p_desktop.live.opencv_capture import Capture, OpenCapture, open_capture
from p2p_desktop.live.sources import Address

_OPENING_MS = 8_000
_READING_MS = 5_000
_MARGIN_S = 2.0  # FFmpeg's own limit comes first, and its threads end by themselves
_THREADS = 2  # each delays the pictures by one, and one alone is too slow for large ones


def open_address(address: Address, open_it: OpenCapture = open_capture) -> MjpegCamera | GrabbedCamera:
    """Raises CameraError if nothing is there, or no video."""
    if not address.url.lower().startswith(("http://", "https://")):
        return _through_ffmpeg(address, address.url, open_it, is_paced=False)
    answer = ask(address)
    kind = answer.kind
    if kind.startswith("multipart/"):
        boundary = answer.boundary
        if boundary:
            return MjpegCamera(answer, boundary, address.title)
        answer.close()
        raise CameraError(
            f"{address.title} sends pictures without saying where each begins. Look for another address of this camera."
        )
    answer.close()
    if kind == "text/html":
        raise CameraError(f"{address.title} is a web page, not a video. Look in the camera's manual for the address of its stream.")
    if kind.startswith("image/"):
        raise CameraError(
            f"{address.title} is a single picture, not a video. Look in the camera's manual for the address of its stream."
        )
    if kind.startswith("text/") or kind in ("application/json", "application/xml", "application/pdf", "application/zip"):
        raise CameraError(f"{address.title} is no video. Look in the camera's manual for the address of its stream.")
    if answer.url.lower().startswith("https://"):
        raise CameraError(f"{address.title} sends a kind of video that can be read over http only. Use its http or rtsp address.")
    return _through_ffmpeg(address, answer.url, open_it, is_paced=True)


def _through_ffmpeg(address: Address, url: str, open_it: OpenCapture, *, is_paced: bool) -> GrabbedCamera:
    title = address.title
    is_finite = False

    def opened() -> Capture:
        nonlocal is_finite
        settings = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPENING_MS),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READING_MS),
            *(cv2.CAP_PROP_N_THREADS, _THREADS),
        ]
        capture = open_it(url, cv2.CAP_FFMPEG, settings)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                f"No video comes from {title}. See whether it is switched on, and whether the address is right.", may_return=True
            )
        is_finite = is_paced and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        return capture

    def gone() -> CameraError | VideoEnded:
        return (
            VideoEnded()
            if is_finite
            else CameraError(f"The video from {title} has stopped. See whether it is still there.", may_return=True)
        )

    words = Words(
        slow=lambda: CameraError(
            f"{title} does not answer. See whether it is switched on, and whether the address is right.", may_return=True
        ),
        silent=lambda: CameraError(f"Nothing comes from {title} any more. See whether it is still there.", may_return=True),
        gone=gone,
    )
    return GrabbedCamera(opened, words, open_s=_OPENING_MS / 1000 + _MARGIN_S, is_paced=is_paced)
