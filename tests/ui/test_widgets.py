"""The small widgets: what they show, and what keyboard and mouse do with them."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from p2p_desktop.ui.compare_bar import CompareBar
from p2p_desktop.ui.compare_view import CompareView
from p2p_desktop.ui.convert_panel import ConvertPanel
from p2p_desktop.ui.focus_ring import FocusRing
from p2p_desktop.ui.halves import paint_halves, plate_width
from p2p_desktop.ui.model_shelf import ModelShelf
from p2p_desktop.ui.rail import Rail
from p2p_desktop.ui.widgets import Badge, ElidedLabel, FilterChip, Note, SegmentedControl, SlimProgress, Switch

SEGMENTS = [
    ("divider", "Divider", "square-half", "Before and after in one picture"),
    ("sides", "Side by side", "columns", "Before and after beside each other"),
    ("result", "Result", "image", "After only"),
]


@pytest.fixture
def page(look, qtbot):
    """A window that is shown, with a column for widgets."""
    window = QWidget()
    window.setProperty("role", "page")
    QVBoxLayout(window)
    window.resize(400, 300)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(window.isVisible)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def put(page, *widgets):
    for widget in widgets:
        page.layout().addWidget(widget)
        widget.show()
    QApplication.sendPostedEvents()
    page.layout().activate()
    return widgets[0]


# Segments


def test_segments_are_chosen_by_mouse(look, page, qtbot):
    segments = put(page, SegmentedControl(look, SEGMENTS))
    assert segments.choice == "divider"
    with qtbot.waitSignal(segments.chosen, check_params_cb=lambda key: key == "result"):
        qtbot.mouseClick(segments.segment("result"), Qt.MouseButton.LeftButton)
    assert segments.choice == "result"


def test_segments_are_chosen_by_arrow_keys(look, page, qtbot):
    segments = put(page, SegmentedControl(look, SEGMENTS))
    segments.segment("divider").setFocus()
    with qtbot.waitSignal(segments.chosen, check_params_cb=lambda key: key == "sides"):
        qtbot.keyClick(segments.segment("divider"), Qt.Key.Key_Right)
    assert segments.segment("sides").hasFocus()


def test_segments_take_one_tab_stop(look, page, qtbot):
    before, segments, after = QLineEdit(), SegmentedControl(look, SEGMENTS), QLineEdit()
    put(page, before, segments, after)
    segments.choose("sides")
    before.setFocus()
    qtbot.keyClick(before, Qt.Key.Key_Tab)
    assert segments.segment("sides").hasFocus()
    qtbot.keyClick(segments.segment("sides"), Qt.Key.Key_Tab)
    assert after.hasFocus()


def test_choosing_by_program_tells_nobody(look, page, qtbot):
    segments = put(page, SegmentedControl(look, SEGMENTS))
    with qtbot.assertNotEmitted(segments.chosen):
        segments.choose("result")
    assert segments.choice == "result"


def test_segments_are_radio_buttons_to_screen_readers(look, page):
    segments = put(page, SegmentedControl(look, SEGMENTS))
    told = QAccessible.queryAccessibleInterface(segments.segment("divider"))
    assert told.role() == QAccessible.Role.RadioButton
    assert told.state().checked
    assert told.text(QAccessible.Text.Name) == "Divider"


def test_segments_shrink_to_icons_and_keep_their_names(look, page):
    segments = put(page, SegmentedControl(look, SEGMENTS))
    wide = segments.sizeHint().width()
    segments.show_icons(True)
    assert segments.sizeHint().width() < wide / 2
    assert segments.segment("result").accessibleName() == "Result"
    segments.show_icons(False)
    assert segments.sizeHint().width() == wide


# Switch


def test_a_switch_is_switched_by_space_and_by_mouse(look, page, qtbot):
    switch = put(page, Switch(look))
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert switch.isChecked()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(30, 10))
    assert not switch.isChecked()


def test_a_switch_shows_its_state_by_place_too(look, page, qtbot):
    switch = put(page, Switch(look))
    off = switch.grab().toImage()
    switch.setChecked(True)
    qtbot.waitUntil(lambda: switch.place == 1.0)
    on = switch.grab().toImage()
    assert on.pixelColor(27, 10) == look.theme.color("on_accent")  # the knob, at the right
    assert on.pixelColor(9, 10) == look.theme.color("accent")
    assert off.pixelColor(9, 10) == look.theme.color("outline")  # the knob, at the left


# Chips


def test_a_chip_shows_its_count(look, page):
    chip = put(page, FilterChip(look, "failed", "Failed", "warning-circle"))
    chip.set_count(1234)
    assert chip.text().split() == ["Failed", "1,234"]
    assert chip.accessibleName() == "Failed: 1,234"


def test_a_chip_keeps_its_width_when_chosen(look, page):
    chip = put(page, FilterChip(look, "all", "All"))
    chip.set_count(50_000)
    before = chip.sizeHint()
    chip.setChecked(True)
    assert chip.sizeHint() == before


# Notes and badges


def test_a_note_is_hidden_until_it_says_something(look, page):
    note = Note(look, "error")
    page.layout().addWidget(note)
    assert note.isHidden()
    note.say("The disk is full.", "996 pictures are safe. Free 120 MB, then go on.")
    assert note.isVisible()
    assert note.text() == "The disk is full."
    assert "Free 120 MB" in note.accessibleName()
    note.clear()
    assert note.isHidden()
    assert note.text() == ""


def test_a_note_offers_what_to_do_and_forgets_it(look, page, qtbot):
    note = put(page, Note(look, "info"))
    note.say("Removed Night to day.")
    undo = note.add_button("Undo", "models_undo")
    assert page.findChild(QPushButton, "models_undo") is undo
    with qtbot.waitSignal(undo.clicked):
        qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    note.clear()
    qtbot.waitUntil(lambda: page.findChild(QPushButton, "models_undo") is None)


def test_a_note_can_be_closed(look, page, qtbot):
    note = put(page, Note(look, "warning"))
    note.say("No progress for 3,000 steps.")
    qtbot.mouseClick(note.findChild(QToolButton, "note_close"), Qt.MouseButton.LeftButton)
    assert note.isHidden()


@pytest.mark.parametrize("kind", ["success", "warning", "error"])
def test_a_note_has_the_colour_of_its_kind_and_an_icon(look, page, kind):
    note = put(page, Note(look, kind))
    note.say("Something happened.")
    assert note.grab().toImage().pixelColor(note.width() // 2, 3) == look.theme.color(f"{kind}_note")
    icons = [label for label in note.findChildren(QLabel) if not label.pixmap().isNull()]
    assert len(icons) == 1


def test_a_badge_says_its_word(look, page):
    badge = put(page, Badge(look, "accent", "Changed"))
    assert badge.text() == "Changed"
    assert badge.grab().toImage().pixelColor(3, badge.height() // 2) == look.theme.color("selected")


# Words and bars


def test_a_long_path_is_shortened_and_told_in_full(look, page):
    label = ElidedLabel()
    put(page, label)
    path = "/home/someone/Pictures/2014/Travels 2014/Day 3/With a very long name indeed/DSC_0410.jpg"
    label.setText(path)
    assert QLabel.text(label) != path
    assert QLabel.text(label).endswith("0410.jpg")
    assert label.text() == label.toolTip() == label.accessibleName() == path
    label.setText("DSC_0410.jpg")
    assert QLabel.text(label) == "DSC_0410.jpg"
    assert label.toolTip() == ""


def test_progress_is_shown_and_told(look, page, qtbot):
    bar = put(page, SlimProgress(look))
    bar.set_fraction(0.5)
    qtbot.waitUntil(lambda: bar.shown == 0.5)
    picture, y = bar.grab().toImage(), bar.height() // 2
    assert picture.pixelColor(bar.width() // 4, y) == look.theme.color("accent_text")
    assert picture.pixelColor(bar.width() * 3 // 4, y) == look.theme.color("track")
    assert bar.accessibleDescription() == "50 per cent"
    bar.set_fraction(7.0)
    assert bar.fraction == 1.0
    bar.set_fraction(None)
    assert bar.accessibleDescription() == ""


def test_painters_follow_the_theme(look, page):
    bar = put(page, SlimProgress(look))
    look.theme.follow("dark")
    assert bar.grab().toImage().pixelColor(bar.width() // 2, bar.height() // 2) == look.theme.color("track")


# Controls that the style draws


def test_a_combo_box_shows_that_it_opens(look, page):
    combo = QComboBox()
    combo.addItem("Same as source")
    put(page, combo)
    picture = combo.grab().toImage()
    place = range(combo.width() - 24, combo.width() - 6)
    inked = [(x, y) for x in place for y in range(8, 24) if picture.pixelColor(x, y) != look.theme.color("control")]
    assert inked  # the chevron
    assert picture.pixelColor(combo.width() // 2, 0) == look.theme.color("outline")
    assert combo.height() == 32


def test_a_number_out_of_range_has_a_red_frame(look, page):
    number = put(page, QSpinBox())
    number.setProperty("invalid", True)
    assert number.grab().toImage().pixelColor(number.width() // 2, 1) == look.theme.color("error")
    number.setProperty("invalid", False)
    assert number.grab().toImage().pixelColor(number.width() // 2, 0) == look.theme.color("outline")


def test_a_number_field_has_room_for_its_number(look, page):
    number = put(page, QSpinBox())
    assert number.lineEdit().x() >= 8
    assert number.height() == 32


# Rail


def test_the_rail_names_places_and_tells_the_chosen_one(look, page, qtbot):
    rail = put(page, Rail(look))
    names = [button.objectName() for button in rail.findChildren(QWidget) if button.objectName().startswith("rail_")]
    assert sorted(names) == ["rail_convert", "rail_live", "rail_models", "rail_settings", "rail_train"]
    with qtbot.waitSignal(rail.chosen, check_params_cb=lambda place: place == "models"):
        qtbot.mouseClick(rail.button("models"), Qt.MouseButton.LeftButton)
    assert [place for place in ("convert", "models") if rail.button(place).isChecked()] == ["models"]
    qtbot.mouseClick(rail.button("models"), Qt.MouseButton.LeftButton)
    assert rail.button("models").isChecked()  # a second click leaves it where it is


def test_arrow_keys_go_along_the_rail_and_stay_on_it(look, page, qtbot):
    rail = put(page, Rail(look), QLineEdit())
    rail.button("models").setFocus()
    qtbot.keyClick(rail.button("models"), Qt.Key.Key_Down)
    assert rail.button("settings").hasFocus()
    qtbot.keyClick(rail.button("settings"), Qt.Key.Key_Down)
    assert rail.button("convert").hasFocus()
    qtbot.keyClick(rail.button("convert"), Qt.Key.Key_Up)
    assert rail.button("settings").hasFocus()


def test_a_busy_place_says_how_far_it_is(look, page):
    rail = put(page, Rail(look))
    idle = rail.grab().toImage()
    rail.show_progress("train", 0.41)
    assert rail.button("train").accessibleDescription() == "41 per cent done"
    assert rail.grab().toImage() != idle
    rail.show_progress("train", None)
    assert rail.button("train").accessibleDescription() == ""
    assert rail.grab().toImage() == idle


def test_the_rail_needs_no_icon_font(look, page):
    rail = put(page, Rail(look))
    button = rail.button("live")
    picture = button.grab().toImage()
    ground = look.theme.color("rail")
    assert any(picture.pixelColor(x, y) != ground for x in range(26, 50) for y in range(8, 32))


def test_the_rail_narrows(look, page):
    rail = put(page, Rail(look))
    assert rail.width() == 76
    rail.set_narrow(True)
    assert rail.width() == 68


# The ring round what has the keyboard


def test_tab_shows_the_ring_and_a_click_takes_it_away(look, page, qtbot):
    first, second = QPushButton("First"), QPushButton("Second")
    put(page, first, second)
    ring = FocusRing(look, page)
    first.setFocus()
    assert ring.isHidden()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert ring.target is second
    assert ring.geometry() == second.geometry().adjusted(-4, -4, 4, 4)
    around = page.grab().toImage()
    assert around.pixelColor(second.geometry().center().x(), second.y() - 3) == look.theme.color("accent_text")
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert ring.isHidden()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert ring.isHidden()


def test_a_click_where_nothing_takes_it_hides_the_ring(look, page, qtbot):
    first, second = QPushButton("First"), QPushButton("Second")
    put(page, first, second)
    ring = FocusRing(look, page)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    qtbot.mouseClick(page, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))
    assert ring.isHidden()


def test_the_ring_follows_what_it_is_round(look, page, qtbot):
    first, second = QPushButton("First"), QPushButton("Second")
    put(page, first, second)
    ring = FocusRing(look, page)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    page.resize(600, 420)
    qtbot.waitUntil(lambda: ring.geometry() == second.geometry().adjusted(-4, -4, 4, 4))
    second.hide()
    assert ring.target is first  # Qt hands the keyboard on
    first.hide()
    assert ring.isHidden()


def test_the_ring_scrolls_and_never_leaves_its_scroll_area(look, page, qtbot):
    inside = QWidget()
    column = QVBoxLayout(inside)
    buttons = [QPushButton(f"Number {number}") for number in range(20)]
    for button in buttons:
        column.addWidget(button)
    area = QScrollArea()
    area.setWidget(inside)
    put(page, area)
    ring = FocusRing(look, page)
    buttons[0].setFocus()
    qtbot.keyClick(buttons[0], Qt.Key.Key_Tab)
    assert ring.target is buttons[1]
    before = ring.y()
    area.verticalScrollBar().setValue(20)
    qtbot.waitUntil(lambda: ring.y() == before - 20)
    area.verticalScrollBar().setValue(400)
    qtbot.waitUntil(ring.isHidden)


def test_the_ring_outlives_what_it_was_round(look, page, qtbot):
    first, group = QPushButton("First"), QWidget()
    inside = QPushButton("Inside", group)
    put(page, first, group)
    ring = FocusRing(look, page)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert ring.target is inside
    group.deleteLater()
    del inside, group
    qtbot.waitUntil(lambda: len(page.findChildren(QPushButton)) == 1)
    page.resize(500, 400)
    first.setFocus(Qt.FocusReason.TabFocusReason)
    assert ring.target is first or ring.isHidden()


def test_the_ring_lets_the_mouse_through(look, page, qtbot):
    first, second = QPushButton("First"), QPushButton("Second")
    put(page, first, second)
    FocusRing(look, page)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert page.childAt(second.geometry().center()) is second


def test_the_ring_takes_the_shape_of_a_chip(look, page, qtbot):
    first, chip = QPushButton("First"), FilterChip(look, "all", "All")
    put(page, first, chip)
    ring = FocusRing(look, page)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    corner = page.grab().toImage().pixelColor(ring.x() + 3, ring.y() + 3)
    assert corner == QColor(look.theme.tokens.window)  # round enough to leave the corner free


@pytest.mark.parametrize("width", [430, 590, 1000])
def test_the_name_of_the_picture_is_there_however_narrow_the_bar(look, page, qtbot, width):
    view = CompareView(look, page)
    bar = CompareBar(look, view, page)
    bar.describe("Holiday 0017.jpg", "6000 \u00d7 4000  \u00b7  done in 2.1 s")
    bar.resize(width, bar.height())
    bar.show()
    name = bar.findChild(QLabel, "compare_name")
    qtbot.waitUntil(lambda: name.width() >= 100)
    assert bar.findChild(QLabel, "compare_facts").isVisibleTo(bar) == (width > 520)


# Before and after


@pytest.mark.parametrize("side", [100, 120, 140, 160, 264])
def test_the_two_words_on_a_picture_never_touch(look, side):
    """A column of the picture is seen between them, or they are left out."""
    white = QPixmap(side, side)
    white.fill(QColor("white"))
    canvas = QPixmap(side, side)
    painter = QPainter(canvas)
    paint_halves(painter, canvas.rect(), white, white, look, labels=True)
    painter.end()
    picture = canvas.toImage()
    middle = side // 2
    around = [x for x in range(middle - 8, middle + 8) if abs(x - middle) > 3]  # beside the line
    assert all(picture.pixelColor(x, y).lightness() > 250 for x in around for y in range(8, 40))
    assert (picture.pixelColor(12, 11).lightness() < 128) == (side == 264 or side >= 2 * plate_width(look) + 32)


def test_the_arrow_of_more_options_stands_below_the_labels(look, qtbot, tmp_path):
    panel = ConvertPanel(look, ModelShelf(tmp_path, tmp_path, tmp_path))
    qtbot.addWidget(panel)
    panel.resize(288, 760)
    panel.show()
    label = next(one for one in panel.findChildren(QLabel) if one.text() == "Format")
    more = panel.findChild(QToolButton, "convert_more")

    def ink(widget):
        QApplication.sendPostedEvents()
        picture = panel.grab().toImage()
        place = QRect(widget.mapTo(panel, QPoint(0, 0)), widget.size()).adjusted(0, 3, 0, -3)
        rows = range(place.top(), place.bottom())
        return next(x for x in range(place.left(), place.right()) if any(picture.pixelColor(x, y).lightness() < 170 for y in rows))

    for _ in ("closed", "open"):
        assert 0 <= ink(more) - ink(label) <= 3  # one arrow is narrower than the other; further left it would be cut off
        more.click()
