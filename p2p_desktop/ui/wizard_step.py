"""What the steps of the train wizard share: each fills a part of one draft, and says why it cannot be left."""

from PySide6.QtCore import QDeadlineTimer, Signal
from PySide6.QtWidgets import QWidget

from p2p_desktop.runs.run_draft import RunDraft


class WizardStep(QWidget):
    """One page of the wizard. It keeps what was entered while another page is shown."""

    said = Signal(str)  # a sentence that explains what has just happened
    changed = Signal()  # what `why_not` or `words` say, or what `leave` would write

    def enter(self, draft: RunDraft) -> None:
        """Show the step with the draft as it is by now. Called each time that it comes to the front."""
        raise NotImplementedError

    def leave(self, draft: RunDraft) -> None:
        """Write into the draft what was entered. Called only when `why_not` has nothing to say, or on the way back."""
        raise NotImplementedError

    def why_not(self) -> str:
        """Why the step cannot be left forwards, a sentence that also stands beside the field it is about; "" if it can."""
        raise NotImplementedError

    def words(self) -> tuple[str, str]:
        """What the action bar says: a headline, and a detail that gives way to `why_not`."""
        raise NotImplementedError

    def close_down(self, until: QDeadlineTimer) -> None:
        """End threads and children, `until` then: the wizard is cancelled, is done, or the program ends."""
