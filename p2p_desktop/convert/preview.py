"""What one picture will look like, before anything is written; or what it was and became, once it is converted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from p2p_desktop.convert.pyramid import Pyramid
from p2p_desktop.inference.patches import Rect
from p2p_desktop.inference.translator import Translator
from training.contract.pictures import read_picture
from training.contract.progress import Report, Token


@dataclass(frozen=True, slots=True)
class BeforeReady:
    """The source is read."""

    picture: Pyramid


@dataclass(frozen=True, slots=True)
class AfterReady:
    """The result, all of it or, as long as pieces follow, with the source where none has come yet."""

    picture: Pyramid


@dataclass(frozen=True, slots=True)
class PatchDone:
    """A piece of the result is in the pyramid of `AfterReady`."""

    place: Rect


@dataclass(frozen=True, slots=True)
class PreviewDone:
    seconds: float  # of translating; 0 if a file was shown
    megapixels: float


PreviewEvent = BeforeReady | AfterReady | PatchDone | PreviewDone


def preview(
    source: Path,
    output: Path | None,
    translator: Callable[[], Translator] | None,
    visible: Callable[[], Rect | None],
    *,
    report: Report[PreviewEvent],
    token: Token,
) -> None:
    """Read a picture and show its result: that in `output`, or what `translator` gives, what is `visible` first.

    `translator` is called once the source is shown, and may take its time; None: only the source is shown. `visible` gives the part
    that is looked at, None for all; it is asked again and again. Raises PictureError if the source is no picture, ModelError,
    MemoryError, Cancelled.
    """
    picture = read_picture(source)
    token.check()
    before = Pyramid.of(picture.pixels, picture.alpha)
    report(BeforeReady(before))
    token.check()
    if output is not None:
        result = read_picture(output)
        token.check()
        report(AfterReady(Pyramid.of(result.pixels, result.alpha)))
        report(PreviewDone(0.0, 0.0))
        return
    if translator is None:
        return
    loaded = translator()
    token.check()
    began = time.monotonic()
    after = None
    for patch in loaded.patches(picture.pixels, visible, token):
        height, width = patch.pixels.shape[:2]
        place = Rect(patch.left, patch.top, patch.left + width, patch.top + height)
        alpha = None if picture.alpha is None else picture.alpha[place.top : place.bottom, place.left : place.right]
        if after is None:  # not before there is something to see
            after = Pyramid.blank(before)
            after.paste(patch.top, patch.left, patch.pixels, alpha)
            report(AfterReady(after))
        else:
            after.paste(patch.top, patch.left, patch.pixels, alpha)
        report(PatchDone(place))
    report(PreviewDone(time.monotonic() - began, picture.pixels.shape[0] * picture.pixels.shape[1] / 1e6))
