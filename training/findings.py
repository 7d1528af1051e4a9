"""What may be wrong with pairs: each of them looked at once, then all of them together."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from training.contract.config import TrainConfig
from training.contract.encodings import Pixels, to_8_bit
from training.contract.errors import PictureError
from training.contract.pairing import PairFiles, Pairs
from training.contract.palette import MAX_COLOURS, count_colours, palette_of
from training.contract.pictures import Picture
from training.glances import Glances
from training.reading import ShapeError, Side, Sides, names_of, paired, read_pictures, sides_of, too_few
from training.registration import Misplaced, Registration, Shift
from training.splitting import links

LEAST_MEASURED = 0.02  # share of a depth map that must be measured to be worth learning from
MAX_FAR = 0.2  # share of its measurements beyond the range
NUM_KEPT = 4 * MAX_COLOURS  # colours of a picture of labels that are remembered; more are strays, whichever they are
RARE = 0.01  # share of a picture below which a colour that no other picture has is a stray
NUM_TELLING = 3  # pictures of labels from which on it says something that no other one has a colour
MANY_MIXED = 0.5  # share of the pictures beyond which mixed colours are told once, for naming nearly all helps nobody
GREY_STEP = 3  # grey levels by which the channels of a grey picture may differ, as JPEG leaves them
GREY_STRIDE = 4  # pixels: of large pictures not every one is looked at
FEW_GREY = 0.5  # share of a side below which its grey pictures are exceptions


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a pair that its owner should know."""

    code: str
    """lonely ambiguous green few unreadable shape size mode range transparent grey labels duplicate misaligned"""
    pair: str
    files: tuple[str, ...]
    message: str
    key: str = ""
    """What settings call the pair; "" where it is none."""
    shift: Shift | None = None
    """misaligned: how far B lies off, of what was mirrored once it is mirrored back."""
    pixels: tuple[int, int] | None = None
    """The shift in pixels, of the smaller picture where the two have different sizes."""
    mirrored: bool = False
    """misaligned: whether B is mirrored."""
    certain: bool = False
    """misaligned: whether lining it up so puts it right."""
    repeats: str = ""
    """duplicate: the key of the earlier pair."""


def findings_of_names(found: Pairs, config: TrainConfig) -> Iterator[Finding]:
    """What can be said before a picture is looked at whole."""
    sentence = too_few(found, config)
    if sentence:
        yield Finding("few", "", (), sentence)
    for path in found.lonely:
        yield Finding("lonely", path.stem, (str(path),), f"{path.name} has no partner.")
    for path in found.ambiguous:
        yield Finding("ambiguous", path.stem, (str(path),), f"{path.name} shares its name with another picture of its folder.")
    for path in found.unfit:
        message = f"{path.name} has less than {config.task_spec.least_green:.0%} of green, so it is left out."
        yield Finding("green", path.stem, (str(path),), message)


class Inspection:
    """Looks at one pair after the other, and remembers what can be judged only of all together."""

    def __init__(self, found: Pairs, config: TrainConfig) -> None:
        self._found, self._config, self._kinds = found, config, sides_of(config)
        self._registration = Registration()
        self._labels = _Labels()
        self._grey: tuple[list[PairFiles], list[PairFiles]] = ([], [])
        """Of each side."""
        self._num_read = 0

    def look(self, files: PairFiles) -> Iterator[Finding]:
        try:
            pictures = read_pictures(files)
            sides = paired(pictures, files, self._found.layout, self._kinds)
        except ShapeError as error:
            yield _finding("shape", files, str(error))
            return
        except PictureError as error:
            yield _finding("unreadable", files, str(error))
            return
        self._num_read += 1
        yield from _of_stored(pictures, files, self._kinds)
        for number, pixels in enumerate((sides.first, sides.second)):
            if pixels is not None:
                yield from self._of_content(pixels, number, files)
        yield from self._of_place(sides, files)

    def all_together(self) -> Iterator[Finding]:
        common = self._registration.common_shift
        if common is not None:
            yield Finding("misaligned", "", (), f"All pairs together: B lies off, {_words(common)}. Were the two cameras aligned?")
        yield from self._labels.findings()
        yield from self._of_grey()
        yield from self._of_copies()

    def _of_content(self, pixels: Pixels, number: int, files: PairFiles) -> Iterator[Finding]:
        kind = self._kinds[number]
        if kind.encoding.is_depth:
            yield from _of_depth(pixels, self._config, files)
        elif kind.is_label:
            self._labels.add(pixels, files)
        elif int(np.ptp(pixels)) == 0:
            yield _finding("range", files, f"{files.name}: a picture has one colour only.")
        elif (kind.encoding.channels >= 3 or self._config.task_spec.source == "grey") and _is_grey(pixels):
            self._grey[number].append(files)

    def _of_place(self, sides: Sides, files: PairFiles) -> Iterator[Finding]:
        if sides.second is not None:
            place = self._registration.look(sides.first, sides.second)
            if place is not None:
                message = f"{files.name}: B seems to {_what_is_wrong(place)}."
                size = sides.first.shape[:2]
                pixels = (round(place.shift[0] * size[0]), round(place.shift[1] * size[1])) if place.shift else None
                found = _finding("misaligned", files, message)
                yield replace(found, shift=place.shift, pixels=pixels, mirrored=place.mirrored, certain=place.certain)

    def _of_grey(self) -> Iterator[Finding]:
        task = self._config.task_spec
        for number, grey in enumerate(self._grey):
            if task.keeps_grey or (len(grey) > FEW_GREY * self._num_read and task.source != "grey"):
                continue  # grey is as good as colour here; or all are grey, and mean to be
            for files in grey:
                name = names_of(files)[number]
                yield _finding("grey", files, f"{name} is grey, where colours are to be seen.")

    def _of_copies(self) -> Iterator[Finding]:
        every = (*self._found.train, *self._found.held_out)
        before: dict[int, int] = {}
        for earlier, later in links(every, Glances(strips=self._found.layout == "strips")):
            before[later] = min(earlier, before.get(later, earlier))
        num_train = len(self._found.train)
        for later, earlier in sorted(before.items()):
            files = every[later]
            message = f"{files.name} repeats the picture of {every[earlier].name}."
            if earlier < num_train <= later:
                message += " One is trained on, the other measured with."
            yield replace(_finding("duplicate", files, message), repeats=every[earlier].key)


class _Labels:
    """The colours of pictures of labels, and those among them that are no labels."""

    def __init__(self) -> None:
        self._pictures: list[tuple[PairFiles, Counter[tuple[int, ...]], int, int]] = []
        """Its most frequent colours, how many it has, and how many pixels."""
        self._counts: Counter[tuple[int, ...]] = Counter()
        self._met: Counter[tuple[int, ...]] = Counter()

    def add(self, pixels: Pixels, files: PairFiles) -> None:
        kept, num_colours = count_colours(pixels, NUM_KEPT)
        self._pictures.append((files, kept, num_colours, pixels.shape[0] * pixels.shape[1]))
        self._counts.update(kept)
        self._met.update(kept.keys())

    def findings(self) -> Iterator[Finding]:
        palette = palette_of(self._counts)
        num_mixed = sum(num_colours > MAX_COLOURS for _, _, num_colours, _ in self._pictures)
        if num_mixed > MANY_MIXED * len(self._pictures):
            what = f"{num_mixed} of {len(self._pictures)} pictures of labels have colours between their labels"
            yield Finding("labels", "", (), f"{what}, as JPEG leaves them. Save labels as PNG: each colour is a name.")
            return
        for files, kept, num_colours, num_pixels in self._pictures:
            known = {colour for colour in kept if colour in palette and not self._is_stray(colour, kept[colour] / num_pixels)}
            share = 1 - sum(kept[colour] for colour in known) / num_pixels
            if palette and len(known) < num_colours:
                yield self._finding(files, num_colours - len(known), f"{share:.2%} of its pixels, are no labels of this set")
            elif not palette and num_colours > MAX_COLOURS:
                yield self._finding(files, num_colours, "are too many for labels")

    def _is_stray(self, colour: tuple[int, ...], share: float) -> bool:
        return len(self._pictures) >= NUM_TELLING and self._met[colour] == 1 and share < RARE

    def _finding(self, files: PairFiles, number: int, words: str) -> Finding:
        message = (
            f"{files.name}: {number} colour{'s' if number > 1 else ''}, {words}; was it smoothed, saved as JPEG, or mispainted?"
        )
        return _finding("labels", files, message)


def _finding(code: str, files: PairFiles, message: str) -> Finding:
    return Finding(code, files.name, _paths(files), message, files.key)


def _paths(files: PairFiles) -> tuple[str, ...]:
    return tuple(str(path) for path in (files.a, files.b) if path)


def _of_stored(pictures: tuple[Picture, Picture | None], files: PairFiles, kinds: tuple[Side, Side]) -> Iterator[Finding]:
    """What is lost, or was never there, in the files as they are."""
    first, second = pictures
    if second is not None and first.pixels.shape[:2] != second.pixels.shape[:2]:
        sizes = " and ".join(f"{pixels.shape[1]} x {pixels.shape[0]}" for pixels in (first.pixels, second.pixels))
        yield _finding("size", files, f"{files.name}: A and B have different sizes, {sizes}; the smaller one counts.")
    for picture, name, kind in zip(pictures, names_of(files), kinds, strict=True):
        if picture is None:
            continue
        if picture.pixels.dtype == np.uint16 and kind.encoding.bits == 8:
            yield _finding("mode", files, f"{name} has 16 bits a channel; {kind.encoding.name} keeps 8 of them.")
        if picture.alpha is not None and not picture.alpha.any():
            yield _finding("transparent", files, f"{name} is transparent everywhere: there is nothing to see in it.")


def _of_depth(pixels: Pixels, config: TrainConfig, files: PairFiles) -> Iterator[Finding]:
    scale = config.frame.depth
    metres = scale.metres(pixels)
    known = metres > 0
    if known.mean() < LEAST_MEASURED:
        message = f"{files.name}: only {known.mean():.1%} of the depth is measured."
        yield _finding("range", files, message)
        return
    far = (metres[known] > scale.range_m).mean()
    if far > MAX_FAR:
        message = f"{files.name}: {far:.0%} of the depths lie beyond depth_range, {scale.range_m:g} m."
        yield _finding("range", files, message)


def _is_grey(pixels: Pixels) -> bool:
    if pixels.shape[2] < 3:
        return True
    colours = to_8_bit(pixels[::GREY_STRIDE, ::GREY_STRIDE, :3]).astype(np.int16)
    return int((colours.max(2) - colours.min(2)).max()) <= GREY_STEP


def _what_is_wrong(place: Misplaced) -> str:
    if not place.mirrored:
        return f"lie off, {_words(place.shift or (0, 0))}"
    return "be mirrored" + (f", and lies off, {_words(place.shift)}" if place.shift else "")


def _words(shift: Shift) -> str:
    (down, right) = shift
    return f"{abs(down):.1%} {'down' if down > 0 else 'up'} and {abs(right):.1%} to the {'right' if right > 0 else 'left'}"
