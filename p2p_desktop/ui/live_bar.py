"""The action bar of Live: left, how fast it is; right, the verbs."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from p2p_desktop.ui.action_bar import ActionBar
from p2p_desktop.ui.live_figures import LiveFigures
from p2p_desktop.ui.look import Look

if TYPE_CHECKING:  # it imports NumPy; the first paint must not wait for it
    from p2p_desktop.live.meter import Figures


class LiveBar(ActionBar):
    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._figures = LiveFigures(look, self)
        self._left.addWidget(self._figures)
        self._left.setCurrentWidget(self._figures)
        self.freeze = self.add_button(self.tr("Freeze"), "live_freeze", icon="snowflake")
        self.freeze.setCheckable(True)
        self.snapshot = self.add_button(self.tr("Snapshot"), "live_snapshot", icon="camera")
        self.record = self.add_button(self.tr("Record"), "live_record", icon="record")
        self._is_frozen = self._is_recording = False
        self._state: tuple[bool, ...] = ()  # what is shown
        self.give_way(self.snapshot, self.freeze, self.record)
        look.icons.set_on(self.record, "record", token="error")

    def show_figures(self, figures: "Figures | None") -> None:
        self._figures.show_figures(figures)

    def show_recording(self, seconds: float | None) -> None:
        """How long a recording is; None while there is none."""
        if self._is_recording and seconds is not None:
            minutes, rest = divmod(int(seconds), 60)
            words = self.tr("Stop recording, {minutes}:{rest:02}").format(minutes=minutes, rest=rest)
            if words != self.record.accessibleName():
                self.give_way_as(self.record, words)
                self.make_room()

    def show_state(self, *, has_picture: bool, has_result: bool, is_frozen: bool, is_recording: bool) -> None:
        """Which verbs there are, and what they do now."""
        state = (has_picture, has_result, is_frozen, is_recording)
        if state == self._state:  # asked with every frame
            return
        self._state = state
        nothing, no_result = self.tr("There is no picture yet"), self.tr("Nothing is translated yet")
        self.freeze.setEnabled(has_picture)
        self.snapshot.setEnabled(has_result)
        self.record.setEnabled(is_recording or (has_result and not is_frozen))
        self.freeze.setChecked(is_frozen)
        goes_on = self.tr("Shows what the camera sees again (Ctrl+F)")
        stays = self.tr("Stays with this frame; model and settings still change it (Ctrl+F)")
        self.freeze.setToolTip((goes_on if is_frozen else stays) if has_picture else nothing)
        self.snapshot.setToolTip(self.tr("Saves the result as a picture, with what made it (Ctrl+S)") if has_result else no_result)
        records = self.tr("Saves the results as a video from here on (Ctrl+R)") if has_result else no_result
        frozen = self.tr("A frozen frame is no video. Go on first, or take a snapshot.")
        ends = self.tr("Ends the recording, and keeps it (Ctrl+R)")
        self.record.setToolTip(ends if is_recording else frozen if is_frozen else records)
        if is_frozen != self._is_frozen:
            self._is_frozen = is_frozen
            self.give_way_as(self.freeze, self.tr("Go on") if is_frozen else self.tr("Freeze"))
            self._look.icons.set_on(self.freeze, "play-fill" if is_frozen else "snowflake")
        if is_recording != self._is_recording:
            self._is_recording = is_recording
            self.give_way_as(self.record, self.tr("Stop recording") if is_recording else self.tr("Record"))
            self._look.icons.set_on(self.record, "stop-fill" if is_recording else "record", token="error")
        self.make_room()
