"""Icons come late, once for everybody, in the colours of the theme, and sharp."""

import gc
import subprocess
import sys

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QColor, QIcon
from PySide6.QtWidgets import QPushButton, QToolButton

from p2p_desktop.ui.icons import Icons


@pytest.fixture
def late_icons(look):
    """Icons that have not been loaded yet."""
    return Icons(look.theme)


def test_icons_fill_in_when_they_are_ready(late_icons, qtbot):
    button, action = QPushButton("Choose folder"), QAction("Choose folder")
    qtbot.addWidget(button)
    for wearer in (button, action):
        late_icons.set_on(wearer, "folder-open")
    assert button.icon().isNull()
    assert late_icons.pixmap("folder-open").isNull()
    with qtbot.waitSignal(late_icons.ready):
        late_icons.load()
    assert late_icons.is_ready
    assert not button.icon().isNull()
    assert not action.icon().isNull()
    assert not late_icons.pixmap("folder-open").isNull()


def test_loading_twice_tells_once(late_icons, qtbot):
    late_icons.load()
    with qtbot.assertNotEmitted(late_icons.ready):
        late_icons.load()


def test_loading_does_not_import_the_icon_package():
    code = (
        "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([])\n"
        "from p2p_desktop.ui.theme import Theme; from p2p_desktop.ui.icons import Icons; import p2p_desktop.ui.widgets\n"
        "icons = Icons(Theme(app)); icons.load(); assert icons.is_ready\n"
        "print([name for name in ('qtawesome', 'torch', 'cv2', 'openvino', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_icons_take_the_colours_of_the_theme(look, qtbot):
    button = QPushButton("Choose folder")
    qtbot.addWidget(button)
    look.icons.set_on(button, "square-fill", token="error")
    assert middle(button.icon()) == look.theme.color("error")
    look.theme.follow("dark")
    assert middle(button.icon()) == look.theme.color("error")
    assert look.icons.pixmap("square-fill", "error").toImage().pixelColor(8, 8) == look.theme.color("error")


def test_disabled_icons_look_disabled(look):
    assert middle(look.icons.icon("square-fill", "text"), QIcon.Mode.Disabled) == look.theme.color("disabled")


def test_a_checked_icon_button_is_marked(look, qtbot):
    button = QToolButton()
    button.setProperty("role", "icon")
    qtbot.addWidget(button)
    look.icons.set_on(button, "square-fill")
    assert middle(button.icon(), state=QIcon.State.On) == look.theme.color("accent_text")
    assert middle(button.icon(), state=QIcon.State.Off) == look.theme.color("text")


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_icons_are_drawn_in_the_pixels_of_the_screen(look, ratio):
    for pixmap in (look.icons.pixmap("image", "text", 16, ratio), look.icons.icon("image").pixmap(QSize(16, 16), ratio)):
        assert pixmap.size() == QSize(round(16 * ratio), round(16 * ratio))
        assert pixmap.devicePixelRatio() == ratio
        assert pixmap.deviceIndependentSize().toSize() == QSize(16, 16)


def test_the_icon_lies_within_its_square(look):
    picture = look.icons.pixmap("image", "text", 32).toImage()
    inked = [(x, y) for x in range(32) for y in range(32) if picture.pixelColor(x, y).alpha() > 0]
    left, right = min(x for x, _ in inked), max(x for x, _ in inked)
    top, bottom = min(y for _, y in inked), max(y for _, y in inked)
    assert left >= 1
    assert top >= 1
    assert right <= 30
    assert bottom <= 30
    assert abs(left + right - 31) <= 1  # in the middle
    assert abs(top + bottom - 31) <= 1


def test_a_name_that_phosphor_lacks_is_a_mistake(look):
    with pytest.raises(ValueError, match="no-such-icon"):
        look.icons.pixmap("no-such-icon")


def test_names_may_be_written_as_qtawesome_does(look):
    assert look.icons.pixmap("ph.folder-open").toImage() == look.icons.pixmap("folder-open").toImage()


def test_buttons_that_are_gone_are_forgotten(look, qtbot):
    button = QPushButton("Choose folder")
    look.icons.set_on(button, "folder-open")
    button.deleteLater()
    qtbot.wait(1)
    look.theme.follow("dark")  # paints what is left
    del button
    gc.collect()
    look.theme.follow("light")


def middle(icon, mode=QIcon.Mode.Normal, state=QIcon.State.Off):
    pixel = icon.pixmap(QSize(16, 16), 1.0, mode, state).toImage().pixelColor(8, 8)
    return QColor(pixel.rgb())
