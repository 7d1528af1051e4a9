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
        self.freeze.setToolTip(self.tr("Stays with this frame; model and settings still change it (Ctrl+F)"))
        self.freeze.setCheckable(True)
        self.snapshot = self.add_button(self.tr("Snapshot"), "live_snapshot", icon="camera")
        self.snapshot.setToolTip(self.tr("Saves the result as a picture, with what made it (Ctrl+S)"))
        self.record = self.add_button(self.tr("Record"), "live_record", icon="record")
        self.record.setToolTip(self.tr("Saves the results as a video from here on (Ctrl+R)"))
        self._is_frozen = self._is_recording = False
        self.give_way(self.snapshot, self.freeze, self.record)
        look.icons.set_on(self.record, "record", token="error")

    def show_figures(self, figures: "Figures | None") -> None:
        self._figures.show_figures(figures)

    def show_state(self, *, has_picture: bool, has_result: bool, is_frozen: bool, is_recording: bool) -> None:
        """Which verbs there are."""
        self.freeze.setEnabled(has_picture)
        self.snapshot.setEnabled(has_result)
        self.record.setEnabled(is_recording or has_result)
        self.freeze.setChecked(is_frozen)
        if is_frozen != self._is_frozen:
            self._is_frozen = is_frozen
            self.give_way_as(self.freeze, self.tr("Go on") if is_frozen else self.tr("Freeze"))
            self._look.icons.set_on(self.freeze, "play-fill" if is_frozen else "snowflake")
        if is_recording != self._is_recording:
            self._is_recording = is_recording
            self.give_way_as(self.record, self.tr("Stop recording") if is_recording else self.tr("Record"))
            self._look.icons.set_on(self.record, "stop-fill" if is_recording else "record", token="error")
        self.make_room()
