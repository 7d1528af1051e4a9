"""Converts pictures, folders and any number of both: the one function under the command line and the window."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Protocol

from p2p_desktop.convert.claims import Claims, Task
from p2p_desktop.convert.earlier_results import EarlierResults
from p2p_desktop.convert.events import ConvertSettings, Event, PictureBegun, PictureDone, Planned, State, Summary
from p2p_desktop.convert.journal import Journal, digest
from p2p_desktop.convert.outputs import check_writable, ends_the_job, target_error
from p2p_desktop.convert.partners import Partners
from p2p_desktop.convert.pipeline import Pipeline, Todo
from p2p_desktop.convert.plan import Plan, format_of, nothing_found, plan_conversion
from p2p_desktop.convert.system_errors import unwritable
from p2p_desktop.inference.dropout import SPREAD_BYTES_PER_PIXEL, Draw
from p2p_desktop.owner import Owner
from p2p_desktop.placing import place
from p2p_desktop.temporaries import sweep, written
from training.contract.errors import PictureError
from training.contract.picture_writing import Encoded, encode_picture
from training.contract.pictures import Picture, read_picture, suffix_for
from training.contract.progress import Report, Token

__all__ = [
    "ConvertSettings",
    "Event",
    "PictureBegun",
    "PictureDone",
    "Planned",
    "Summary",
    "Translates",
    "UnloadedModel",
    "convert",
]

# What one pixel holds on its way, at the most: three copies of 8-bit RGB and alpha. Corrected when the picture is decoded.
_LIKELY_BYTES_PER_PIXEL = 12


class Translates(Protocol):
    """What a conversion needs of an inference.translator.Translator."""

    @property
    def model_digest(self) -> str: ...
    @property
    def statistics(self) -> str: ...
    @property
    def in_flight(self) -> int: ...
    @property
    def device(self) -> str: ...
    @property
    def runtime(self) -> str: ...

    def translate(
        self, picture: Picture, *, strength: float = 1.0, token: Token | None = None, draw: Draw | None = None
    ) -> Picture: ...
    def uncertainty(self, picture: Picture, draws: Sequence[Draw], *, token: Token | None = None) -> Picture: ...
    def memory_for(self, height: int, width: int) -> int: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class UnloadedModel:
    """A model as far as it is known without its weights. `load` is called only if there is a picture to translate."""

    model_digest: str
    statistics: str  # as they will be used: "image" or "running"
    load: Callable[[], Translates]
    stays_open: bool = False  # whoever gave it closes what it loaded


def convert(
    sources: Sequence[Path],
    out: Path,
    model: Translates | UnloadedModel,
    settings: ConvertSettings,
    *,
    journal_path: Path,
    memory_budget: int,
    report: Report[Event],
    token: Token | None = None,
    only: Collection[Path] | None = None,
) -> Summary:
    """Translate every picture in `sources` into `out`; how names come about says `plan.plan_conversion`.

    `memory_budget`: bytes that pictures on their way may take, decoded and in the network. A translator that was given loaded
    stays open; one that is loaded here is closed. `report` is called in this thread: `Planned`, a `PictureBegun` and a
    `PictureDone` each, and last the `Summary`, which comes also when the job is cancelled or gives up.

    `only`: absolute paths of the pictures to convert now, out of all that `sources` hold; None for all. Names come about as if all
    were converted, so that trying one again gives the file that it would have had.

    A picture that cannot be converted is a row that says why. P2PError if there is no picture at all, or nothing more can
    be written (disk full, read-only); ModelError if the model cannot be loaded; Cancelled if the token says so. Whatever
    ends it, even a kill: every finished output is whole and stays, and the same call again makes the others.
    """
    token = token or Token()
    tally = _Tally(report)
    owner = Owner.new()
    with Journal(journal_path, owner) as journal, EarlierResults(journal_path) as results, ExitStack() as opened:
        plan = plan_conversion(
            sources,
            out,
            requested=settings.format,
            recurse=settings.recurse,
            results=results,
            token=token,
            aspects=settings.aspects,
        )
        for folder in {plan.out: None} | dict.fromkeys(plan.target_folders):  # `check_writable` writes to `out` itself
            sweep(folder)
        if not plan.pictures:
            raise nothing_found(sources, plan)
        settings = replace(settings, format=plan.requested)
        chosen = None if only is None else frozenset(only)
        claims = Claims(plan, settings, journal, model.model_digest, model.statistics, chosen)
        report(Planned(claims.num_rows, plan.ignored, plan.raw, plan.earlier_results))
        try:
            decisions = claims.take_all(token)
            if (first := _first_task(decisions, tally.row)) is not None:
                check_writable(plan.out, owner)
                if isinstance(model, UnloadedModel):
                    stays_open, model = model.stays_open, model.load()
                    if not stays_open:
                        opened.callback(model.close)
                tally.begin(model)
                partners = Partners(Path(settings.partners)) if settings.partners else None
                stages = _Stages(chain([first], decisions), claims, settings, model, journal, owner, plan.out, partners)
                Pipeline(stages, in_flight=model.in_flight, memory_budget=memory_budget, token=token).run(tally.row)
        finally:
            summary = tally.summary(plan)
            report(summary)
    return summary


def _first_task(decisions: Iterator[Task | PictureDone], on_row: Callable[[PictureDone], None]) -> Task | None:
    """Return the first picture that has to be converted, or None if all of them are only rows."""
    for decision in decisions:
        if isinstance(decision, Task):
            return decision
        on_row(decision)
    return None


class _Tally:
    """Passes rows on, and counts them."""

    def __init__(self, report: Report[Event]) -> None:
        self._report = report
        self._counts: Counter[State] = Counter()
        self._started = time.monotonic()
        self._began: float | None = None  # when the first picture was read; None if none was
        self._translator: Translates | None = None

    def begin(self, translator: Translates) -> None:
        self._translator = translator
        self._began = time.monotonic()

    def row(self, row: PictureBegun | PictureDone) -> None:
        if isinstance(row, PictureDone):
            self._counts[row.state] += 1
        self._report(row)

    def summary(self, plan: Plan) -> Summary:
        now = time.monotonic()
        converting_s = 0.0 if self._began is None else now - self._began
        return Summary(
            converted=self._counts["converted"],
            skipped=self._counts["skipped"],
            failed=self._counts["failed"],
            ignored=plan.ignored,
            raw=plan.raw,
            seconds=now - self._started,
            pictures_per_second=self._counts["converted"] / converting_s if converting_s else 0.0,
            device=self._translator.device if self._translator else None,
            runtime=self._translator.runtime if self._translator else None,
            earlier_results=plan.earlier_results,
        )


@dataclass(frozen=True, slots=True)
class _Stages:
    """What the pipeline does to each picture."""

    decisions: Iterator[Task | PictureDone]
    claims: Claims
    settings: ConvertSettings
    translator: Translates
    journal: Journal
    owner: Owner
    out: Path
    partners: Partners | None

    def todos(self) -> Iterator[Todo[Task] | PictureDone]:
        for decision in self.decisions:
            if isinstance(decision, PictureDone):
                yield decision
                continue
            held = decision.height * decision.width * _LIKELY_BYTES_PER_PIXEL + decision.work.size
            pixels = decision.height * decision.width
            counting = pixels * SPREAD_BYTES_PER_PIXEL if decision.picture.aspect.kind == "uncertainty" else 0
            yield Todo(decision, held, self.translator.memory_for(decision.height, decision.width) + counting)

    def read(self, task: Task) -> Picture:
        with task.watch:
            picture = read_picture(task.work.source)
            return self.partners.joined(task.work.source, picture) if self.partners else picture

    def begun(self, task: Task) -> PictureBegun:
        return PictureBegun(task.work.source)

    def translate(self, task: Task, picture: Picture, token: Token) -> Picture:
        aspect = task.picture.aspect
        with task.watch:
            minded = task.watch.minding(token)
            if aspect.kind == "uncertainty":
                return self.translator.uncertainty(picture, aspect.draws, token=minded)
            draw = aspect.draws[0] if aspect.draws else None
            return self.translator.translate(picture, strength=self.settings.strength, token=minded, draw=draw)

    def write(self, task: Task, picture: Picture) -> PictureDone:
        with task.watch:
            return self._write(task, picture)

    def failed(self, task: Task, error: Exception) -> PictureDone:
        return self.claims.fail(task, error)

    def _write(self, task: Task, picture: Picture) -> PictureDone:
        source = task.work.source
        bits, has_alpha = 8 * picture.pixels.itemsize, picture.alpha is not None
        form = format_of(task.picture.aspect, source.suffix, self.settings.format, bits=bits, has_alpha=has_alpha)
        suffix = suffix_for(form, task.target.suffix)
        if suffix != task.target.suffix and not self.claims.rename(task, suffix):
            return self.claims.pass_over(task)
        encoded = encode_picture(picture, form, quality=self.settings.quality, keep_metadata=self.settings.keep_metadata)
        try:
            saved = self._save(task, encoded)
        except OSError as error:
            if ends_the_job(error, self.out, self.owner):
                raise target_error(self.out, error) from error
            raise PictureError(unwritable(task.target, error)) from error
        if not saved:
            return self.claims.pass_over(task)
        notes = dict.fromkeys((*picture.notes, *encoded.notes, *_note_on_name(task)))
        return PictureDone(source, task.target, "converted", " ".join(notes), task.watch.seconds, len(encoded.data))

    def _save(self, task: Task, encoded: Encoded) -> bool:
        """Write the file and give it its name, or the next free one. False if only a taken one is left."""
        noted = digest(encoded.data)
        with written(encoded.data, task.target.parent, self.owner) as temporary:
            while True:
                self.journal.intend(task.target, noted)
                try:
                    place(temporary.path, task.target, overwrite=self.claims.overwrites(task))
                except FileExistsError:
                    if not self.claims.rename(task, task.target.suffix):
                        return False
                else:
                    break
        self.journal.finish(task.target, temporary.size, temporary.mtime_ns)
        return True


def _note_on_name(task: Task) -> tuple[str, ...]:
    target, wished = task.target, task.picture.wished
    if target.suffix != wished.suffix:
        return (f"Saved as {target.name}, because {wished.suffix} cannot hold the result.",)
    if target.name != wished.name:
        return (f"Saved as {target.name}, because {wished.name} is another file.",)
    return ()
