"""Numbers as people say them: times, sizes, counts and rates; and words for tool tips."""

from html import escape

from PySide6.QtCore import QCoreApplication

_UNIT = 1000  # sizes as file managers of most systems count them


def duration(seconds: float) -> str:
    """A time still to wait, rounded as one would say it: "about 3 min"."""
    if seconds < 1:
        return _tr("less than a second")
    if seconds < 60:
        whole = round(seconds) if seconds < 10 else min(55, round(seconds / 5) * 5)
        return _tr("about {} s").format(whole)
    minutes = round(seconds / 60)
    if minutes < 60:
        return _tr("about {} min").format(minutes)
    hours, minutes = divmod(round(seconds / 300) * 5, 60)  # to five minutes
    if hours >= 24:
        days, hours = divmod(round(seconds / 3600), 24)
        return _tr("about {} d {} h").format(days, hours) if hours else _tr("about {} d").format(days)
    return _tr("about {} h {} min").format(hours, minutes) if minutes else _tr("about {} h").format(hours)


def exact_duration(seconds: float) -> str:
    """A time that has passed: "0.31 s", "42 s", "5 min 22 s", "1 h 1 min"."""
    seconds = max(seconds, 0.0)
    if seconds < 0.995:
        return _tr("{} s").format(f"{seconds:.2f}" if seconds else "0")
    if seconds < 9.95:
        return _tr("{} s").format(f"{seconds:.1f}")
    minutes, whole = divmod(round(seconds), 60)
    if minutes == 0:
        return _tr("{} s").format(whole)
    if minutes < 60:
        return _tr("{} min {} s").format(minutes, whole)
    return _tr("{} h {} min").format(*divmod(minutes, 60))


def size(num_bytes: float) -> str:
    """A size on disk or in memory: "999 B", "12 kB", "1.1 MB", "61 GB"."""
    value = float(max(num_bytes, 0))
    if value < _UNIT:
        return _tr("{} B").format(round(value))
    units = ("kB", "MB", "GB", "TB")
    for unit in units:
        value /= _UNIT
        if value < 9.95:
            return f"{value:.1f} {unit}"
        if value < _UNIT - 0.5 or unit == units[-1]:
            break
    return f"{value:.0f} {unit}"


def count(number: int) -> str:
    """A count with its thousands set apart: "1,000"."""
    return f"{number:,}"


def rate(per_second: float) -> str:
    """How fast something goes, in the unit that gives a number one can grasp: "3.1 a second", "3 a minute", "2 an hour"."""
    if per_second >= 0.95:
        return _tr("{} a second").format(_short(per_second))
    if per_second * 60 >= 0.95:
        return _tr("{} a minute").format(_short(per_second * 60))
    return _tr("{} an hour").format(_short(per_second * 3600))


def sentences(reason: str) -> tuple[str, str]:
    """Part a reason into what happened, its first sentence, and what to do, the rest."""
    first, stop, rest = reason.partition(". ")
    return (first + stop.strip(), rest) if stop else (reason, "")


def wrapped(*paragraphs: str) -> str:
    """Plain paragraphs for a tool tip, which breaks lines in marked-up text only. "" if they all are."""
    return "".join(f"<p>{escape(words)}</p>" for words in paragraphs if words)


def _short(value: float) -> str:
    """Two digits that count, no more, and no ".0"."""
    if value >= 9.95:
        return count(round(value))
    return f"{value:.1f}".removesuffix(".0")


def _tr(text: str) -> str:
    return QCoreApplication.translate("plain_words", text)
