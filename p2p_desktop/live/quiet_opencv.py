"""OpenCV and FFmpeg kept from writing to the terminal: what goes wrong is said in sentences."""

import os

import cv2


def keep_quiet() -> None:
    """Called on import by whatever reads or writes videos: FFmpeg asks once, when the first of them is opened."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
