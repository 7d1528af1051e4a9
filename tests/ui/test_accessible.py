"""Every control can be named, found and understood: by screen readers, by tests, by docs/ui.md."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QScrollBar,
    QSpinBox,
    QTableView,
    QWidget,
)

from p2p_desktop.ui.widgets import SegmentedControl

CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit, QSpinBox)
OWN_PARTS = (QHeaderView, QScrollBar)  # of Qt's own widgets
PLACES = ("convert", "live", "train", "models", "settings")
DOCUMENTED = set(re.findall(r"`([a-z_]+)`", (Path(__file__).parents[2] / "docs" / "ui.md").read_text(encoding="utf-8")))


def is_part_of_another(widget: QWidget) -> bool:
    """A piece of a control, which is reached through it: a clear button, a spin box's field, a list that drops down."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QLineEdit | QComboBox | QSpinBox | QTableView | SegmentedControl):
            return True
        parent = parent.parentWidget()
    return False


def controls(driver) -> list[QWidget]:
    for place in PLACES:
        driver.window.page(place)
    found = [widget for kind in CONTROLS for widget in driver.window.findChildren(kind)]
    return [widget for widget in dict.fromkeys(found) if not isinstance(widget, OWN_PARTS) and not is_part_of_another(widget)]


def test_every_control_has_a_name_that_is_documented_and_words_for_it(driver):
    found = controls(driver)
    assert len(found) > 40
    complaints = []
    for widget in found:
        name = widget.objectName()
        where = f"{type(widget).__name__} {name or widget.parentWidget()}"
        if not name:
            complaints.append(f"{where} has no objectName")
        elif name not in DOCUMENTED:
            complaints.append(f"{where} is not in docs/ui.md")
        said = QAccessible.queryAccessibleInterface(widget)
        if said is None or not said.text(QAccessible.Text.Name):
            complaints.append(f"{where} has no accessible name")
        if not widget.toolTip() and not isinstance(widget, QAbstractItemView) and name != "conversion_model":
            complaints.append(f"{where} has no tooltip")
    assert not complaints, "\n".join(complaints)


def test_what_is_documented_is_there(driver):
    names = {widget.objectName() for widget in controls(driver)} | {
        widget.objectName() for widget in driver.window.findChildren(QWidget)
    }
    dialogs = r"address_.*|try_.*|rename_.*|import_.*|measure_.*|stop_.*|keep_converting"
    passing = r"train_.*|.*_menu|recovery_.*|models_undo|model_measured|models_nothing"
    transient = re.compile(f"{dialogs}|{passing}|main_window")
    missing = {name for name in DOCUMENTED - names if not transient.fullmatch(name)}
    assert missing == set()


@pytest.mark.parametrize("place", PLACES)
def test_the_keyboard_reaches_every_control_that_can_be_used(driver, place):
    driver.window.go_to(place)
    page = driver.window.page(place)
    visible = [one for one in controls(driver) if page.isAncestorOf(one) and one.isVisible() and one.isEnabled()]
    unreachable = [one.objectName() for one in visible if not one.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert set(unreachable) <= {"conversion_model"}


def test_titles_are_said_once(driver):
    """Two controls of one name on the same page cannot be told apart by ear."""
    driver.window.go_to("settings")
    names = [
        QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
        for one in controls(driver)
        if one.isVisible() and driver.window.page("settings").isAncestorOf(one)
    ]
    assert len(names) == len(set(names))
