"""Frames through a Translator: at a working size, and steady, as pictures that follow each other must be.

Without care a video flickers: a network that normalises by its picture's own statistics sees each frame in another light. Here
those statistics follow slowly (`STEADY_S`), and begin anew where the picture is cut.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from p2p_desktop.inference.translator import Translator, mix
from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.sizes import native_side, size_at
from training.contract.encodings import Pixels, Values, encoding_named, join_lab, lightness, to_8_bit, to_grey
from training.contract.errors import ModelError
from training.contract.framing import enlarge_guided, finish, resize_nearest, resize_values
from training.contract.model_file import ModelCard

STEADY_S = 0.5  # in which statistics come two thirds of the way to those of the frames
CUT_LEVELS = 28.0  # mean difference in grey levels of two frames, beyond which they are of two scenes
STILL_LEVELS = 6.0  # difference up to which a place counts as standing still, noise included
_GLANCE = (32, 18)  # pixels, width and height, in which two frames are compared
HALF_LEVELS = 127.5  # grey levels of a value of 1
LIGHTNESS_OF_LUMA = 100 / 255  # what the guided filter's constants are made for


@dataclass(frozen=True, slots=True)
class Made:
    pixels: Pixels
    """Of the frame's size; uint16 [H, W, 1] for depth, else uint8 [H, W, 1 or 3]."""
    size: tuple[int, int]
    """(width, height) in pixels at which the network worked."""


class FrameTranslator:
    """One model and what it has seen of one camera. Used by one thread."""

    def __init__(self, translator: Translator) -> None:
        """`translator`: loaded with `follows`. Raises ModelError where a camera's frames are not what it takes."""
        check_takes_frames(translator.card)
        self.translator = translator
        self._framing = translator.card.frame
        self._corrects = translator.card.generator.output == "residual" and self._framing.encoding_out == "rgb8"
        self._statistics_K: Values | None = None
        self._made: Values | None = None
        self._small: Rgb | None = None
        self._glance: Rgb | None = None
        self._seen_at = 0.0

    def __call__(self, rgb: Rgb, at: float, *, side: int, strength: float = 1.0, blend: float = 0.0) -> Made:
        """Translate a frame of the time `at`, in seconds, at a working size whose long side is `side` pixels, or the frame's own.

        `strength` and `blend` as in `LiveWishes`. Raises MemoryError.
        """
        height, width = rgb.shape[:2]
        size = size_at(min(side, native_side(width, height)), width, height)
        small = rgb if size == (width, height) else to_8_bit(self._framing.shrink(rgb, (size[1], size[0])))
        self._notice_cut(small)
        encoded = self._framing.encode(small)
        values = self._steady_values(encoded, at)
        made = np.asarray(values - encoded, np.float32) if self._corrects else values
        made = self._blended(made, small, blend)
        self._seen_at = at
        return Made(mix(self._enlarged(made, encoded, small, rgb), rgb, strength), size)

    def forget(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._statistics_K = self._made = self._small = self._glance = None

    def close(self) -> None:
        self.translator.close()

    def _notice_cut(self, small: Rgb) -> None:
        glance: Rgb = cv2.resize(small, _GLANCE, interpolation=cv2.INTER_AREA)
        if self._glance is not None and float(cv2.absdiff(glance, self._glance).mean()) > CUT_LEVELS:
            self.forget()
        self._glance = glance

    def _steady_values(self, encoded: Values, at: float) -> Values:
        values, measured_K = self.translator.frame_values(encoded, self._statistics_K)
        if measured_K is None:
            return values
        if self._statistics_K is None:
            self._statistics_K = measured_K
        else:
            share = 1 - math.exp(-max(0.0, at - self._seen_at) / STEADY_S)
            self._statistics_K = self._statistics_K + np.float32(share) * (measured_K - self._statistics_K)
        return values

    def _blended(self, made: Values, small: Rgb, blend: float) -> Values:
        """`blend` parts of what was made of the frame before, where the picture stands still; what moves leaves no trail."""
        before, small_before = self._made, self._small
        if blend > 0 and before is not None and small_before is not None and before.shape == made.shape:
            moved = cv2.blur(cv2.absdiff(to_grey(small), to_grey(small_before)), (5, 5)).astype(np.float32)
            kept_HW1 = (blend * np.clip(2 - moved / STILL_LEVELS, 0, 1))[..., None]
            made = made + kept_HW1 * (before - made)
        self._made, self._small = (made, small) if blend > 0 else (None, None)
        return made

    def _enlarged(self, made: Values, encoded: Values, small: Rgb, rgb: Rgb) -> Pixels:
        """Bring what the network gave to the frame's size, with as much of the frame's own detail as the model allows.

        `made`: what a network that corrects its input adds to it, else what it gave; `encoded`: what it was given.
        """
        framing = self._framing
        size = rgb.shape[:2]
        if framing.encoding_out == "lab_ab":
            colours = join_lab(lightness(small), np.ascontiguousarray(made), np.uint8)
            return coloured(rgb, colours, None if small is rgb else small)
        if small is rgb:
            return finish(made + encoded if self._corrects else made, rgb, framing)
        if self._corrects:
            # Added to the frame at its full size: made smaller and larger again, a picture would only lose.
            levels = np.rint(made * np.float32(HALF_LEVELS)).astype(np.int16)
            added = cv2.resize(levels, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
            corrected: Pixels = cv2.add(rgb, added, dtype=cv2.CV_8U)
            return corrected
        enlarged = resize_nearest(made, size) if framing.labels == "output" else resize_values(made, size)
        return finish(enlarged, rgb, framing)


def check_takes_frames(card: ModelCard) -> None:
    """Raises ModelError where a camera's frames are not what a model takes, or what it gives cannot be shown."""
    entering = encoding_named(card.encoding_in)
    if entering.is_depth:
        what = "a picture and its depth together" if card.encoding_in == "rgb_depth16" else "depth pictures"
        raise ModelError(f"The model {card.name} takes {what}, which a camera does not give. Choose another model.")
    if entering.has_alpha or encoding_named(card.encoding_out).has_alpha:
        raise ModelError(f"The model {card.name} works with transparency, which a camera does not give. Choose another model.")


def coloured(rgb: Rgb, coloured_small: Pixels, small: Rgb | None = None) -> Pixels:
    """The frame with the colours of a smaller, coloured one, and its own luma.

    Rec. 601, in eight bits: CIELAB in floats, as pictures get it, takes longer than the network.

    `small`: the frame at that smaller size, which guides the colours to their edges; None if it is no smaller.
    """
    chroma_small = np.asarray(cv2.cvtColor(coloured_small, cv2.COLOR_RGB2YCrCb)[..., 1:], np.float32)
    luma: Rgb = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    chroma = chroma_small
    if small is not None:
        guide_small, guide = (np.asarray(plane * np.float32(LIGHTNESS_OF_LUMA)) for plane in (to_grey(small)[..., 0], luma))
        chroma = enlarge_guided(np.ascontiguousarray(chroma_small), guide_small, guide)
    planes = [cv2.convertScaleAbs(np.ascontiguousarray(chroma[..., index])) for index in (0, 1)]  # rounds and saturates
    result: Pixels = cv2.cvtColor(cv2.merge([luma, *planes]), cv2.COLOR_YCrCb2RGB)
    return result
