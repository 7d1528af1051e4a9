"""The step Check of the train wizard: what is wrong with the pictures, what to do about it, and how many will be used."""

import tempfile
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from p2p_desktop.runs.checked_pairs import GOOD, CheckedPairs, Found, Listed
from p2p_desktop.runs.run_draft import RunDraft
from p2p_desktop.ui import check_words
from p2p_desktop.ui.check_pages import FailedPage, GroupPage, WaitPage
from p2p_desktop.ui.check_words import SEEN
from p2p_desktop.ui.group_list import Group, GroupList
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.pair_cards import PICTURE_SIDE, CardWords, PairCards, Verb
from p2p_desktop.ui.pair_dialog import PairDialog, neighbour
from p2p_desktop.ui.pair_thumbnails import PairThumbnails, Wanted
from p2p_desktop.ui.plain_words import count
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XL, SPACE_XS
from p2p_desktop.ui.wizard_step import WizardStep
from p2p_desktop.workers.trainer_run import Command, TrainerRun
from training.contract.config import TrainConfig
from training.contract.errors import P2PError

_SIDE_WIDTH, _NARROW_SIDE_WIDTH = 248, 208
_NARROW = 900  # pixels of the step, below which the cards need what the list can spare
_NUM_SEEN = 12  # pairs drawn as the network sees them
_SETTLED_HERE = ("leave_out", "line_up")
_DEPENDS_ON = (
    "task", "data", "data_b", "direction", "encoding_in", "encoding_out", "labels", "depth_unit", "depth_range", "sparse", "seed",
)  # fmt: skip
"""Settings that change what a check finds."""


class CheckStep(WizardStep):
    """Runs `check-pairs` when it is first shown, and again when what it depends on has changed."""

    def __init__(self, look: Look, parent: QWidget | None = None, *, command: Command | None = None) -> None:
        """`command` stands in for the trainer."""
        super().__init__(parent)
        self._draft: RunDraft | None = None
        self._config: TrainConfig | None = None
        self._checked: CheckedPairs | None = None
        self._checked_for: list[object] = []
        self._problem, self._is_closed = "", False
        self._progress = (0, 0)
        self._drawn: tempfile.TemporaryDirectory[str] | None = None
        self._num_drawn = 0
        self._seen: list[Found] = []
        self._check, self._draw = TrainerRun(self, command=command), TrainerRun(self, command=command)
        self._thumbnails = PairThumbnails(PICTURE_SIDE, self)
        self._cards = PairCards(look, self._thumbnails, self._card_words, self)
        self._dialog = PairDialog(look, (self.tr("A"), self.tr("B")), self)
        self._groups = GroupList(look, self)
        self._side = QFrame(self)
        self._found, self._place = QLabel(self), QLabel(self)
        self._page = GroupPage(look, self._cards, self)
        self._wait, self._failed = WaitPage(look, self), FailedPage(look, self)
        self._pages = QStackedWidget(self)
        for page in (self._wait, self._failed, self._page):
            self._pages.addWidget(page)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._side_list())
        layout.addWidget(self._pages, 1)
        self._connect()

    # --- a step of the wizard

    def enter(self, draft: RunDraft) -> None:
        self._draft = draft
        try:
            config = draft.config(dict.fromkeys(_SETTLED_HERE, "[]"))
        except P2PError as error:
            self._config = None
            self._check.cancel()
            self._fail(str(error))
            return
        self._config = config
        if self._checked is not None and self._checked_for == _dependencies(config):
            self._show_groups()
        else:
            self._begin_check()

    def leave(self, draft: RunDraft) -> None:
        self._check.cancel()
        self._draw.cancel()
        if self._checked is not None and self._config is not None and self._checked_for == _dependencies(self._config):
            draft.changes.update(self._checked.changes())

    def why_not(self) -> str:
        if self._problem:
            return self._problem
        if self._checked is None or self._check.is_running:
            return self.tr("The pictures are still being checked.")
        train, held_out, _ = self._checked.sum()
        if train and held_out:
            return ""
        if self._of_pairs:
            return self.tr("Too few pairs are used: at least one is needed to learn from, and one to measure progress.")
        return self.tr("Too few pictures are used: at least one is needed to learn from, and one to measure progress.")

    def words(self) -> tuple[str, str]:
        if self._problem:
            return self.tr("The pictures could not be checked"), self._problem
        if self._checked is None:
            done, total = self._progress
            detail = (
                self.tr("{done} of {total}").format(done=count(done), total=count(total)) if total else self.tr("Getting ready")
            )
            return self.tr("Checking the pictures"), detail
        train, held_out, aside = self._checked.sum()
        used = train + held_out
        if used == 1:
            headline = self.tr("1 pair will be used") if self._of_pairs else self.tr("1 picture will be used")
        else:
            headline = self.tr("{} pairs will be used") if self._of_pairs else self.tr("{} pictures will be used")
        detail = self.tr("{train} to learn from, {held_out} kept back to measure progress.")
        waiting = self.tr("1 is set aside until you decide.") if aside == 1 else self.tr("{} are set aside until you decide.")
        return headline.format(count(used)), " ".join(
            [detail.format(train=count(train), held_out=count(held_out)), *([waiting.format(count(aside))] if aside else [])]
        )

    def close_down(self, until: QDeadlineTimer) -> None:
        self._is_closed = True
        self._dialog.close_down(until)
        self._check.close(until)
        self._draw.close(until)
        self._thumbnails.close(until)
        self._forget_drawn()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE_WIDTH if self.width() >= _NARROW else _NARROW_SIDE_WIDTH)

    # --- the check

    def _begin_check(self) -> None:
        """Check what is wanted now. What runs for something else is ended first, and comes back here when it has gone."""
        if self._config is None or self._is_closed:
            return
        if self._check.is_running and not self._is_stale:
            self._problem = ""
            self._pages.setCurrentWidget(self._wait)
        else:
            self._show_waiting()
            if self._check.is_running:
                self._check.cancel()
            else:
                self._checked_for = _dependencies(self._config)
                self._check.start("check-pairs", {"config": self._config.to_dict()})
        self.changed.emit()

    def _show_waiting(self) -> None:
        """Nothing is known of the pictures yet."""
        self._checked, self._problem, self._progress = None, "", (0, 0)
        self._draw.cancel()
        self._thumbnails.forget_all()
        self._forget_drawn()
        self._groups.show_groups([])
        self._describe()
        self._wait.show_progress(0, 0)
        self._pages.setCurrentWidget(self._wait)

    def _on_check_progressed(self, done: int, total: int, _: str) -> None:
        if self._is_stale:
            return
        self._progress = (done, total)
        self._wait.show_progress(done, total)
        self.changed.emit()

    def _on_checked(self, result: dict[str, object]) -> None:
        if self._is_stale:
            self._begin_check()
            return
        self._checked = CheckedPairs(result)
        if self._draft is not None:
            self._checked.restore(self._draft.changes)
        self._show_groups()

    def _on_check_failed(self, sentence: str) -> None:
        if self._is_stale:
            self._begin_check()
        else:
            self._fail(sentence)

    def _on_check_cancelled(self) -> None:
        if self.isVisible():  # entered again before the last one had ended
            self._begin_check()

    def _fail(self, sentence: str) -> None:
        self._problem, self._checked = sentence, None
        self._groups.show_groups([])
        self._describe()
        self._failed.say(sentence)
        self._pages.setCurrentWidget(self._failed)
        self.changed.emit()

    # --- groups and cards

    def _show_groups(self) -> None:
        checked = self._checked
        if checked is None:
            return
        self._problem = ""
        self._describe()
        codes = check_words.in_order([*checked.codes, SEEN])
        numbers = {code: len(checked.group(code)) for code in codes}
        of_no_pair = [code for code in codes if code in ("lonely", "ambiguous", "green")]
        problems = [code for code in codes if code not in (SEEN, GOOD, *of_no_pair)]
        parts = [[self._group(code, numbers) for code in part] for part in ([SEEN], [GOOD], problems, of_no_pair)]
        self._groups.show_groups(parts)
        self._page.say_of_all([sentence for _, sentence in checked.of_all])
        self._pages.setCurrentWidget(self._page)
        if not self._groups.choice:
            aside = [code for code in problems if any(checked.standing(found) == "aside" for found in checked.group(code))]
            self._groups.choose([*aside, GOOD][0])
        self.changed.emit()

    def _group(self, code: str, numbers: dict[str, int]) -> Group:
        words = check_words.group_words(code, of_pairs=self._of_pairs)
        return Group(code, words.title, words.icon, words.token, None if code == SEEN else numbers[code])

    def _on_group_chosen(self, code: str) -> None:
        if code == SEEN:
            self._cards.show_pairs(self._seen, (self.tr("Input"), self.tr("Target")))
            if not self._seen:
                self._draw_seen()
        elif self._checked is not None:
            found = self._checked.group(code)
            self._cards.show_pairs(found, (self.tr("A"), self.tr("B")))
        self._refresh()

    def _refresh(self) -> None:
        """Say anew what depends on decisions."""
        code = self._groups.choice
        if self._checked is None or not code:
            return
        words = check_words.group_words(code, of_pairs=self._of_pairs)
        self._page.say(check_words.headline(code, len(self._cards.shown), of_pairs=self._of_pairs), words.meaning)
        shown = self._cards.shown if code != SEEN else ()
        standings = [self._checked.standing(one) for one in shown]
        aside = [one for one, standing in zip(shown, standings, strict=True) if standing == "aside"]
        self._page.offer(
            put_right=[check_words.put_right_verb(one) for one in aside if one.correction is not None],
            decide=len(aside),
            undo=sum(standing in ("used anyway", "put right", "left out") for standing in standings),
            draw=code == SEEN and not self._draw.is_running,
        )
        self._cards.refresh()

    def _card_words(self, found: Found) -> CardWords:
        checked = self._checked
        correction = checked.correction(found.pair.key) if checked is not None else None
        is_strip = found.code == SEEN or (checked is not None and checked.layout == "strips" and len(found.pair.files) == 1)
        wanted = Wanted(found.pair.paths, is_strip, correction)
        if found.code == SEEN or checked is None:
            return CardWords(found.pair.name, wanted, "", "", ("", "", ""), (), "")
        state = check_words.decided(checked.standing(found), found)
        name = wanted.files[0].name
        plate = "" if correction is not None else check_words.plate(found)
        return CardWords(name, wanted, plate, check_words.detail(found), state, self._verbs(found), found.message)

    def _verbs(self, found: Found) -> tuple[tuple[Verb, str], ...]:
        if self._checked is None or found.code == SEEN:
            return ()
        match self._checked.standing(found):
            case "aside":
                right = check_words.put_right_verb(found)
                verbs: tuple[tuple[Verb, str], ...] = (("use", self.tr("Use anyway")), ("leave_out", self.tr("Leave out")))
                return (("put_right", right), *verbs) if right else verbs
            case "used":
                return (("leave_out", self.tr("Leave out")),)
            case "unusable":
                return ()
        return (("undo", self.tr("Undo")),)

    # --- decisions

    def _on_verb(self, verb: Verb, found: Found) -> None:
        self._decide(verb, [found])
        if self._dialog.isVisible():
            self._dialog.show_pair(found, self._card_words(found))

    def _on_verb_for_all(self, verb: Verb) -> None:
        checked = self._checked
        if checked is None:
            return
        wanted = ("aside",) if verb != "undo" else ("used anyway", "put right", "left out")
        self._decide(verb, [found for found in self._cards.shown if checked.standing(found) in wanted])

    def _decide(self, verb: Verb, found: list[Found]) -> None:
        checked = self._checked
        if checked is None:
            return
        acts = {
            "put_right": checked.put_right,
            "use": checked.use_anyway,
            "leave_out": checked.leave_out,
            "undo": checked.undo,
        }
        acts[verb](found)
        self._refresh()
        self.changed.emit()

    def _on_pair_opened(self, found: Found) -> None:
        words = self._card_words(found)
        self._dialog.name_sides(*((self.tr("Input"), self.tr("Target")) if found.code == SEEN else (self.tr("A"), self.tr("B"))))
        self._dialog.open()
        self._dialog.show_pair(found, words)

    def _on_stepped(self, step: int) -> None:
        found = self._dialog.found
        if found is not None:
            other = neighbour(self._cards.shown, found, step)
            self._cards.select(other)
            self._dialog.show_pair(other, self._card_words(other))

    # --- as the network sees them

    def _draw_seen(self) -> None:
        if self._config is None or self._checked is None or self._draw.is_running:
            return
        self._forget_drawn()
        self._drawn = tempfile.TemporaryDirectory(prefix="p2p-seen-", ignore_cleanup_errors=True)
        config = self._config.changed(self._checked.changes())
        config = replace(config, seed=(config.seed + self._num_drawn) % _SEEDS)  # other crops each time
        self._num_drawn += 1
        self._page.wait_for_drawing(self.tr("Getting ready"))
        self._draw.start("show-pairs", {"config": config.to_dict(), "out": self._drawn.name, "count": _NUM_SEEN})
        self._refresh()

    def _on_draw_progressed(self, done: int, total: int, _: str) -> None:
        self._page.wait_for_drawing(self.tr("{done} of {total} drawn").format(done=done, total=total))

    def _on_drawn(self, result: dict[str, list[dict[str, str]]]) -> None:
        self._page.wait_for_drawing("")
        self._seen = [Found(SEEN, Listed(item["file"], item["pair"], (item["file"],))) for item in result["shown"]]
        if self._groups.choice == SEEN:
            self._on_group_chosen(SEEN)

    def _on_draw_failed(self, sentence: str) -> None:
        self._page.wait_for_drawing(sentence)
        self._refresh()

    def _on_draw_cancelled(self) -> None:
        self._page.wait_for_drawing("")
        self._refresh()

    def _forget_drawn(self) -> None:
        self._seen = []
        if self._drawn is not None:
            self._drawn.cleanup()
            self._drawn = None

    # --- the rest

    @property
    def _is_stale(self) -> bool:
        """Whether what is being checked is no longer what is wanted: the last word of a check may come late."""
        return self._config is None or self._checked_for != _dependencies(self._config)

    @property
    def _of_pairs(self) -> bool:
        return self._checked is None or self._checked.layout != "photos"

    def _describe(self) -> None:
        if self._checked is None:
            self._found.setText(self.tr("Pictures"))
        else:
            self._found.setText(check_words.found_line(self._checked, of_pairs=self._of_pairs))
        if self._config is None:
            self._place.setText("")
            return
        names = [Path(self._config.data).name, *([Path(self._config.data_b).name] if self._config.data_b else [])]
        if self._checked is not None and all(self._checked.sides):
            names = list(self._checked.sides)
        quoted = [f"\u201c{name}\u201d" for name in names]
        self._place.setText(
            self.tr("in {one} and {other}").format(one=quoted[0], other=quoted[1])
            if len(quoted) > 1
            else self.tr("in {folder}").format(folder=quoted[0])
        )
        self._place.setToolTip(self._config.data)

    def _side_list(self) -> QWidget:
        side = self._side
        side.setProperty("role", "side_list")
        self._found.setObjectName("train_found")
        self._found.setProperty("role", "title")
        self._place.setObjectName("train_found_in")
        self._place.setProperty("role", "small")
        for label in (self._found, self._place):
            label.setWordWrap(True)
        words = QVBoxLayout()
        words.setContentsMargins(SPACE_XL, 0, SPACE_L, 0)
        words.setSpacing(SPACE_XS)
        words.addWidget(self._found)
        words.addWidget(self._place)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, SPACE_XL, 1, SPACE_S)
        layout.setSpacing(SPACE_L)
        layout.addLayout(words)
        layout.addWidget(self._groups, 1)
        return side

    def _connect(self) -> None:
        self._check.progressed.connect(self._on_check_progressed)
        self._check.finished.connect(self._on_checked)
        self._check.failed.connect(self._on_check_failed)
        self._check.cancelled.connect(self._on_check_cancelled)
        self._draw.progressed.connect(self._on_draw_progressed)
        self._draw.finished.connect(self._on_drawn)
        self._draw.failed.connect(self._on_draw_failed)
        self._draw.cancelled.connect(self._on_draw_cancelled)
        self._failed.again_asked.connect(self._begin_check)
        self._groups.chosen.connect(self._on_group_chosen)
        self._cards.verb_asked.connect(self._on_verb)
        self._cards.pair_opened.connect(self._on_pair_opened)
        self._page.verb_asked.connect(self._on_verb_for_all)
        self._page.drawing_asked.connect(self._draw_seen)
        self._dialog.verb_asked.connect(self._on_verb)
        self._dialog.stepped.connect(self._on_stepped)


_SEEDS = 1 << 31


def _dependencies(config: TrainConfig) -> list[object]:
    return [getattr(config, key) for key in _DEPENDS_ON]
