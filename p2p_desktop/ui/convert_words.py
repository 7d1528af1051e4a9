"""What Convert says about where it is: sentences made of numbers."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QTime

from p2p_desktop.ui.convert_session import ConvertSession, Work
from p2p_desktop.ui.plain_words import count, duration, exact_duration, rate, size
from p2p_desktop.workers.conversion import Outcome

_MOST_NAMED = 3  # paths in a sentence


def pictures(number: int) -> str:
    return _tr("1 picture") if number == 1 else _tr("{n} pictures").format(n=count(number))


def passed_over(ignored: int, raw: dict[str, int], earlier_results: int = 0) -> str:
    """What was found and is not in the list."""
    parts = []
    if raw:
        kinds = ", ".join(f"{count(number)} {kind}" for kind, number in raw.items())
        parts.append(_tr("Camera RAW cannot be read yet: {kinds}.").format(kinds=kinds))
    if ignored:
        parts.append(
            _tr("1 other file is left out.") if ignored == 1 else _tr("{n} other files are left out.").format(n=count(ignored))
        )
    if earlier_results:
        parts.append(
            _tr("1 result of an earlier conversion was passed over.")
            if earlier_results == 1
            else _tr("{n} results of earlier conversions were passed over.").format(n=count(earlier_results))
        )
    return " ".join(parts)


def missing(paths: Sequence[Path]) -> str:
    """What was dropped and is not there."""
    if len(paths) == 1:
        return _tr("{path} does not exist. Was it moved or renamed?").format(path=paths[0])
    named = ", ".join(str(path) for path in paths[:_MOST_NAMED])
    words = _tr("{n} of what was dropped do not exist: {paths}")
    return words.format(n=count(len(paths)), paths=named) + ("." if len(paths) <= _MOST_NAMED else _tr(" and others."))


def expectation(session: ConvertSession, megapixels_a_second: float | None) -> str:
    """How long what waits will take."""
    if megapixels_a_second is None or session.queue.mean_megapixels() is None:
        return _tr("How long it takes shows after the first pictures.")
    return _tr("Will take {time} on this computer.").format(time=duration(session.megapixels_left() / megapixels_a_second))


def how_many(session: ConvertSession) -> str:
    """How many of how many."""
    return _tr("{done} of {total}").format(done=count(session.num_ended), total=count(session.num_in_all))


def progress(session: ConvertSession) -> list[str]:
    """More facts for the action bar: how fast, how long; or what happens instead."""
    conversion = session.conversion
    match conversion.state:
        case "paused":
            return [_tr("Paused")]
        case "stopping":
            return [_tr("Stopping after this picture...")]
        case "preparing":
            return [_tr("Preparing the model for this computer, once")]
    rates = conversion.pace.rates() if conversion.pace else None
    left = conversion.pace.seconds_left(session.megapixels_left(), session.megapixels_at_work()) if conversion.pace else None
    if rates is None or left is None:
        return [_tr("Working") if session.num_ended else _tr("Getting ready")]
    return [_pace(session, *rates), _tr("{time} left").format(time=duration(left))]


def _pace(session: ConvertSession, pictures_a_second: float, megapixels_a_second: float) -> str:
    """In the measure that the time left follows from: pictures of many sizes would seem to contradict it."""
    if session.queue.mean_megapixels() is None:
        return rate(pictures_a_second)
    number, _, unit = rate(megapixels_a_second).partition(" ")
    words = _tr("1 megapixel {unit}") if number == "1" else _tr("{number} megapixels {unit}")
    return words.format(number=number, unit=unit)


def failed(number: int) -> str:
    return _tr("{n} failed").format(n=count(number)) if number else ""


def headline(session: ConvertSession, outcome: Outcome) -> tuple[str, str, str]:
    """(kind, headline, sentence) of the end of a conversion."""
    counts, total = session.queue.counts, len(session.queue)
    done, skipped, broken, waiting = (counts[state] for state in ("done", "skipped", "failed", "waiting"))
    so_far = {"done": count(done + skipped), "total": count(total)}
    if outcome.problem:
        what, _, remedy = outcome.problem.partition(". ")
        kept = _tr("{done} of {total} pictures are done and kept.").format(**so_far)
        return "error", what.rstrip("."), f"{remedy} {kept}".strip()
    if outcome.stopped:
        text = _tr("Stopped: {done} of {total} pictures are done").format(**so_far)
        return "warning", text, _tr("What is done is kept. Start goes on with the rest.")
    if broken or waiting:
        text = _tr("{done} of {total} pictures are done").format(**so_far)
        return ("warning" if done + skipped == 0 else "success"), text, _what_is_left(broken, waiting)
    text = _tr("The picture is done") if total == 1 else _tr("All {n} pictures are done").format(n=count(total))
    if skipped == total:
        return "success", _tr("Everything was done already"), _tr("The results of an earlier time are still there, unchanged.")
    otherwise = session.num_made_otherwise()
    if otherwise:
        words = _tr("{n} of them were made with the settings of before. Convert again makes all of them alike.")
        return "success", text, words.format(n=count(otherwise))
    sentence = _tr("Your originals were not touched.")
    if skipped:
        sentence = _tr("{n} of them were done already.").format(n=count(skipped)) + " " + sentence
    return "success", text, sentence


def _what_is_left(broken: int, waiting: int) -> str:
    parts = []
    if broken:
        parts.append(
            _tr("1 could not be converted and is listed below.")
            if broken == 1
            else _tr("{n} could not be converted and are listed below.").format(n=count(broken))
        )
    if waiting:
        parts.append(
            _tr("1 waits still. Start goes on with it.")
            if waiting == 1
            else _tr("{n} wait still. Start goes on with them.").format(n=count(waiting))
        )
    return " ".join(parts)


def ended(session: ConvertSession, outcome: Outcome, when: QTime) -> str:
    """That a conversion has ended, when, and how much was done: for the status line."""
    counts, total = session.queue.counts, len(session.queue)
    done = counts["done"] + counts["skipped"]
    said = pictures(done) if done == total else _tr("{done} of {total} pictures").format(done=count(done), total=count(total))
    clean = not outcome.stopped and not outcome.problem
    words = _tr("Finished at {time}: {pictures}") if clean else _tr("Stopped at {time}: {pictures}")
    return words.format(time=QLocale().toString(when, QLocale.FormatType.ShortFormat), pictures=said)


def figures(work: Work) -> list[tuple[str, str]]:
    """Numbers beside the headline."""
    if not work.converted:
        return []
    shown = [(exact_duration(work.seconds), _tr("time worked"))]
    if work.seconds > 0:
        number, _, unit = rate(work.converted / work.seconds).partition(" ")
        shown.append((number, unit))
    if work.num_bytes:
        shown.append((size(work.num_bytes), _tr("written")))
    return shown


def _tr(text: str) -> str:
    return QCoreApplication.translate("ConvertWords", text)
