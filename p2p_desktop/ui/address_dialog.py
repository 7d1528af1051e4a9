"""The address of a stream: the dialog stays open, with what was typed, until it can be used."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from p2p_desktop.live.camera import CameraError
from p2p_desktop.live.sources import Address
from p2p_desktop.ui.complaint import Complaint
from p2p_desktop.ui.look import Look
from p2p_desktop.ui.theme import SPACE_L, SPACE_S, SPACE_XL

_WIDTH = 480


class AddressDialog(QDialog):
    chosen = Signal(object)  # live.sources.Address

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("address_dialog")
        self.setWindowTitle(self.tr("Address of a stream"))
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        label, self._field = QLabel(self.tr("Address"), self), QLineEdit(self)
        label.setProperty("role", "label")
        label.setBuddy(self._field)
        self._field.setObjectName("address_field")
        self._field.setAccessibleName(self.tr("Address"))
        self._field.setPlaceholderText("http://192.168.1.20:8080/video")
        self._field.setToolTip(self.tr("As the camera's own page or manual gives it; a name and a password stand before an @."))
        self._field.textChanged.connect(self._on_text_changed)
        self._complaint = Complaint(look, "address_problem", self._field, self)
        words = QLabel(self.tr("HTTP (MJPEG), RTSP, RTMP, UDP or TCP. Nothing but this address is asked."), self)
        words.setProperty("role", "small")
        words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE_XL, SPACE_L, SPACE_XL, SPACE_L)
        layout.setSpacing(SPACE_S)
        layout.addWidget(label)
        layout.addWidget(self._field)
        layout.addWidget(self._complaint)
        layout.addWidget(words)
        layout.addSpacing(SPACE_L)
        layout.addLayout(self._buttons())
        self.setFixedWidth(_WIDTH)

    def _buttons(self) -> QHBoxLayout:
        leave, watch = QPushButton(self.tr("Cancel"), self), QPushButton(self.tr("Watch"), self)
        leave.setObjectName("address_cancel")
        leave.setToolTip(self.tr("Esc"))
        leave.setAutoDefault(False)
        leave.clicked.connect(self.reject)
        watch.setObjectName("address_watch")
        watch.setProperty("role", "primary")
        watch.setToolTip(self.tr("Return"))
        watch.setDefault(True)
        watch.clicked.connect(self._on_watch)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE_S)
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(watch)
        return buttons

    def _on_watch(self) -> None:
        text = self._field.text().strip()
        try:
            address = Address(text if "://" in text else f"http://{text}")  # as people know addresses
        except CameraError as error:
            self._complaint.say(str(error))
            self._field.setFocus()
            return
        self.chosen.emit(address)
        self.accept()

    def _on_text_changed(self, _: str) -> None:
        self._complaint.say("")
