"""How much of a model's flicker is taken away: by statistics that follow slowly, and by blending with the frame before.

The bundled clip is translated at its own rate, frame by frame and without threads. Where its source stands still (`STILL_LEVELS`),
the mean absolute difference of each result to the one before is measured, of colours in units of CIELAB a and b, of all else in
grey levels: of single places, and of all these places at once, which is what people see as flicker.
Baselines: each frame by itself, and what the source itself does there.
"""

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from p2p_desktop.inference.translator import Translator
from p2p_desktop.live.frame_translator import FrameTranslator
from p2p_desktop.live.frames import Rgb
from p2p_desktop.live.screen import for_screen
from p2p_desktop.live.sizes import chosen_side
from tests.bench.live_clips import PEOPLE_FPS
from training.contract.encodings import to_grey

STILL_LEVELS = 3.0  # grey levels, up to which a place of the source stands still from one frame to the next
STILL_PIXELS = 9  # side of the square that must stand still in its mean difference
BLEND = 0.6


def flicker(model: Path, cache: Path, frames: Sequence[Rgb]) -> None:
    still = [is_still(before, after) for before, after in itertools.pairwise(frames)]
    print(f"  flicker where the source stands still, which is {np.mean(still):.0%} of {len(frames)} frames:")
    with Translator.load(model, device="cpu", cache=cache, follows=True) as translator:
        is_colour = translator.card.encoding_out == "lab_ab"
        frame_translator = FrameTranslator(translator)
        ways = {
            "the source": list(frames),
            "each frame by itself": translated(frame_translator, frames, follows=False),
            "statistics that follow": translated(frame_translator, frames),
            f"the same, blend {BLEND:g}": translated(frame_translator, frames, blend=BLEND),
        }
    unit = "of CIELAB a, b" if is_colour else "grey levels"
    changes = {name: mean_changes(results, still, is_colour=is_colour) for name, results in ways.items()}
    places_alone, picture_alone = changes["each frame by itself"]
    for name, (places, picture) in changes.items():
        print(
            f"    {name:<24} places {places:.3f} {unit} ({places / places_alone:.0%} of each by itself), "
            f"all of them at once {picture:.4f} ({picture / picture_alone:.0%})",
            flush=True,
        )


def translated(frame_translator: FrameTranslator, frames: Sequence[Rgb], *, follows: bool = True, blend: float = 0.0) -> list[Rgb]:
    height, width = frames[0].shape[:2]
    side = chosen_side(frame_translator.translator.card.size_rule, width, height)
    frame_translator.forget()
    results = []
    for number, rgb in enumerate(frames):
        if not follows:
            frame_translator.forget()
        results.append(for_screen(frame_translator(rgb, number / PEOPLE_FPS, side=side, blend=blend).pixels, None))
    return results


def is_still(before: Rgb, after: Rgb) -> NDArray[np.bool_]:
    moved = cv2.absdiff(to_grey(before), to_grey(after)).astype(np.float32)
    return np.asarray(cv2.blur(moved, (STILL_PIXELS, STILL_PIXELS)) <= STILL_LEVELS)


def mean_changes(results: Sequence[Rgb], still: Sequence[NDArray[np.bool_]], *, is_colour: bool) -> tuple[float, float]:
    """Of single places, and of what all of them do together, as when a whole picture turns redder: there noise cancels out."""
    planes = [measured(rgb, is_colour=is_colour) for rgb in results]
    places, pictures = [], []
    for (before, after), where in zip(itertools.pairwise(planes), still, strict=True):
        if where.any():
            change_NC = (after - before)[where]
            places.append(float(np.abs(change_NC).mean()))
            pictures.append(float(np.abs(change_NC.mean(0)).mean()))
    return float(np.mean(places)), float(np.mean(pictures))


def measured(rgb: Rgb, *, is_colour: bool) -> NDArray[np.float32]:
    """float32 [H, W, C]: a and b, or grey levels of red, green and blue."""
    if is_colour:
        return np.asarray(cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)[..., 1:], np.float32)
    return rgb.astype(np.float32)
