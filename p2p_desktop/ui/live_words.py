"""What Live says."""

from PySide6.QtCore import QCoreApplication

from p2p_desktop.ui.plain_words import exact_duration


def size_words(width: int, height: int) -> str:
    return f"{width} \u00d7 {height}"


def camera_sends(width: int, height: int, rate: float) -> str:
    """`rate`: frames a second as measured; 0 while that is not known."""
    if not rate:
        return size_words(width, height)
    return _tr("{size}, {rate}/s").format(size=size_words(width, height), rate=f"{rate:.0f}")


def recording(seconds: float, dropped: int) -> str:
    """How far a recording is."""
    said = _tr("Recording: {time}").format(time=exact_duration(seconds))
    return f"{said}, {_left_out(dropped)}" if dropped else said


def recorded(seconds: float, dropped: int, name: str) -> str:
    said = _tr("{time} recorded as {name}.").format(time=exact_duration(seconds), name=name)
    if not dropped:
        return said
    left_out = _left_out(dropped)
    return f"{said} {left_out[:1].upper()}{left_out[1:]}."


def _left_out(dropped: int) -> str:
    return _tr("1 frame left out") if dropped == 1 else _tr("{n} frames left out").format(n=f"{dropped:,}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("LiveWords", text)
