"""Room in the smallest window, the look, and names for whoever cannot see it."""

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QScrollBar

from p2p_desktop.ui.widgets import SegmentedControl


def test_in_the_smallest_window_everything_has_its_place(opened):
    hands = opened(size=(832, 572))
    for name in ("train_pictures", "train_film", "train_losses", "train_held_out"):
        widget = hands.find(name)
        assert widget.isVisible()
        assert widget.mapTo(hands.view, QPoint(widget.width(), 0)).x() <= hands.view.width()
    assert hands.find("train_pause", QAbstractButton).text() == ""  # an icon; its words are its name
    assert hands.find("train_pause").accessibleName() == "Pause"
    hands.page.resize(QSize(560, 572))
    film, losses = hands.find("train_film"), hands.find("train_losses")
    hands.wait(lambda: hands.find("train_held_out").y() > losses.y())
    hands.wait(lambda: film.width() <= 560)


def test_the_look_changes_while_it_is_open(opened, look):
    hands = opened()
    before = hands.page.grab().toImage()
    look.theme.follow("dark")
    after = hands.page.grab().toImage()
    plot = hands.view.losses
    place = plot.mapTo(hands.page, QPoint(20, plot.height() - 6))
    assert before.pixelColor(place).lightness() > 200 > after.pixelColor(place).lightness()


def test_every_control_has_a_name_words_and_a_reason(opened):
    hands = opened()
    hands.view.go_to(10)
    complaints, names = [], []
    for kind in (QAbstractButton, QAbstractSlider):
        for widget in hands.page.findChildren(kind):
            if isinstance(widget, QScrollBar) or isinstance(widget.parentWidget(), SegmentedControl) or not widget.isVisible():
                continue
            said = QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)
            names.append(said)
            if not widget.objectName().startswith("train_") or not said or not widget.toolTip():
                complaints.append(f"{widget.objectName()} {said!r} {widget.toolTip()!r}")
            if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                complaints.append(f"{widget.objectName()} cannot be reached by the keyboard")
    assert not complaints
    assert len(names) == len(set(names)) > 8
