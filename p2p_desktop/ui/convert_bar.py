"""The action bar of Convert: which verbs there are at which time, and the words beside them."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QWidget

from p2p_desktop.ui import convert_words
from p2p_desktop.ui.action_bar import ActionBar
from p2p_desktop.ui.convert_session import ConvertSession
from p2p_desktop.ui.look import Look


class ConvertBar(ActionBar):
    """`refresh` brings it up to what the session says; what a button does is the page's."""

    keyboard_lost = Signal()  # the button that had it is gone

    def __init__(self, look: Look, session: ConvertSession, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._session = session
        self._shows_go_on = False
        self._pace: list[str] = []  # how fast and how long, as it was last told
        self.clear = self.add_button(self.tr("Clear the list"), "convert_clear", icon="eraser", role="text")
        self.clear.setToolTip(self.tr("Takes the pictures off this list. Files stay."))
        self.back = self.add_button(self.tr("All results"), "convert_results", icon="squares-four", role="text")
        self.back.setToolTip(self.tr("Shows the results side by side again"))
        self.back.hide()
        self.give_way(self.back, self.clear)
        self.retry = self.add_button("", "convert_retry", icon="arrow-clockwise")
        self.pause = self.add_button(self.tr("Pause"), "convert_pause", icon="pause")
        self.pause.setToolTip(self.tr("Leaves the computer to other programs until you go on (Ctrl+P)"))
        self.stop = self.add_button(self.tr("Stop"), "convert_stop", icon="stop")
        self.stop.setToolTip(self.tr("What is done is kept (Ctrl+.)"))
        self.again = self.add_button(self.tr("Convert again"), "convert_again", icon="arrow-clockwise")
        self.open = self.add_button(self.tr("Open folder"), "convert_open", icon="folder-open", role="primary")
        self.open.setToolTip(self.tr("Shows the results in the system's file manager"))
        self.start = self.add_button(self.tr("Start"), "convert_start", icon="play-fill", role="primary")
        session.queue.counts_changed.connect(self._show_counts)

    def refresh(self, *, has_model: bool, speed: float | None) -> None:
        """`has_model`: the chosen one is there. `speed`: what is known of it, in megapixels a second."""
        held = QApplication.focusWidget()
        self._show_verbs(has_model=has_model)
        self.make_room()
        self._show_words(speed)
        is_lost = held is not None and self.isAncestorOf(held) and not (held.isVisible() and held.isEnabled())
        if is_lost and self._session.phase != "empty":
            self.keyboard_lost.emit()

    def offer_results(self, on: bool) -> None:
        """Whether the way back to all results is there."""
        self.back.setVisible(on)
        self.make_room()

    def _show_verbs(self, *, has_model: bool) -> None:
        session, counts = self._session, self._session.queue.counts
        state, phase = session.conversion.state, session.phase
        is_working, is_done, waits = phase == "working", phase == "done", counts["waiting"] > 0
        self.clear.setVisible(phase in ("ready", "done"))
        for button in (self.pause, self.stop):
            button.setVisible(is_working)
            button.setEnabled(state != "stopping")
        is_paused = state == "paused"
        self.pause.setText(self.tr("Go on") if is_paused else self.tr("Pause"))
        if is_paused != self._shows_go_on:
            self._shows_go_on = is_paused
            self._look.icons.set_on(self.pause, "play-fill" if is_paused else "pause")
        self.retry.setVisible(is_done and counts["failed"] > 0)
        self.retry.setEnabled(has_model)
        self.retry.setToolTip(self.tr("Only the pictures that failed") if has_model else self._no_model_words())
        self.retry.setText(self.tr("Retry {n} failed").format(n=f"{counts['failed']:,}"))
        self.again.setVisible(session.is_outdated and counts["done"] + counts["skipped"] > 0)
        self.again.setEnabled(has_model and not session.intake.is_looking)
        again = self.tr("All pictures once more, with the settings as they are now")
        self.again.setToolTip(again if has_model else self._no_model_words())
        self.open.setVisible(is_done and not waits and counts["done"] + counts["skipped"] > 0)
        self.start.setVisible(phase in ("empty", "ready") or (is_done and waits))
        self.start.setEnabled(waits and not session.intake.is_looking and has_model)
        self.start.setToolTip(self.tr("Ctrl+Return") if has_model else self._no_model_words())

    def _no_model_words(self) -> str:
        return self.tr("There is no model to do it with. Choose one in the settings of the conversion.")

    def _show_words(self, speed: float | None) -> None:
        session = self._session
        if session.phase == "working":
            self._pace = convert_words.progress(session)
            self._show_counts()
        else:
            self.say(*self._outlook(speed))
            if session.phase == "done":
                self.open.setToolTip("\n".join(str(folder) for folder in session.output_folders))

    def _show_counts(self) -> None:
        """Numbers of pictures are those of the filters at every moment. The pace could not be read if it changed as often."""
        session = self._session
        if session.phase == "working":
            failed = convert_words.failed(session.queue.counts["failed"])
            self.show_progress([convert_words.how_many(session), *self._pace], failed, session.fraction)

    def _outlook(self, speed: float | None) -> tuple[str, str]:
        """What Start will do, or what has been done."""
        session, queue = self._session, self._session.queue
        if session.intake.is_looking:
            return self.tr("Looking: {pictures} so far").format(pictures=convert_words.pictures(len(queue))), ""
        if session.phase == "empty":
            return self.tr("No pictures yet"), self.tr("Add pictures to see how long they will take.")
        if session.phase == "done" and not queue.counts["waiting"]:
            detail = self.tr("Made with the settings of before.") if session.is_outdated else ""
            return self._places(), detail
        waiting = convert_words.pictures(queue.counts["waiting"])
        passed_over = convert_words.passed_over(session.intake.ignored, session.intake.raw, session.intake.earlier_results)
        expected = convert_words.expectation(session, speed) if queue.counts["waiting"] else ""
        return waiting, " ".join(filter(None, (expected, passed_over)))

    def _places(self) -> str:
        folders = self._session.output_folders
        if len(folders) == 1:
            return str(Path(*folders[0].parts[-2:]))
        return self.tr("Results are in {n} folders").format(n=len(folders))
