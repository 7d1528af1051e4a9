"""The look keeps its promises: contrast, neutral surfaces, curves that colour-blind people can tell apart, the system's wishes."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

import p2p_desktop
from p2p_desktop.ui.style_sheet import style_sheet
from p2p_desktop.ui.theme import palette_of
from p2p_desktop.ui.tokens import DARK, LIGHT, tokens_of

THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
SURFACES = ("window", "surface", "rail", "control", "hover", "pressed", "border", "outline", "track", "canvas")
GROUNDS = ("window", "surface", "rail", "control", "hover", "pressed", "selected")  # what words lie on
NOTES = ("success_note", "warning_note", "error_note")
TEXT, GRAPHICS = 4.5, 3.0  # WCAG 2.1, success criteria 1.4.3 and 1.4.11, level AA

PAIRS = [
    *((TEXT, "text", ground) for ground in (*GROUNDS, *NOTES)),
    *((TEXT, "muted", ground) for ground in (*GROUNDS, *NOTES)),
    *((TEXT, "accent_text", ground) for ground in ("window", "surface", "rail", "control", "hover", "selected")),
    *((GRAPHICS, "accent_text", ground) for ground in ("track", "canvas")),
    *((TEXT, "on_accent", ground) for ground in ("accent", "accent_hover", "accent_pressed")),
    *(
        (TEXT, kind, ground)
        for kind in ("success", "warning", "error")
        for ground in ("surface", "window", "selected", f"{kind}_note")
    ),
    *((GRAPHICS, "outline", ground) for ground in ("window", "surface", "control")),
    (TEXT, "on_plate", "plate"),
]


@THEMES
@pytest.mark.parametrize(("least", "front", "ground"), PAIRS)
def test_contrast_is_enough(tokens, least, front, ground):
    assert contrast(getattr(tokens, front), getattr(tokens, ground)) >= least


@THEMES
def test_curves_stand_out_from_their_ground(tokens):
    for color in tokens.plots:
        assert contrast(color, tokens.surface) >= GRAPHICS


@THEMES
@pytest.mark.parametrize("name", SURFACES)
def test_surfaces_are_neutral(tokens, name):
    red, green, blue = rgb(getattr(tokens, name))
    assert red == green == blue


# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009: table 1, severity
# 1.0, for linear RGB.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ),
}


@THEMES
@pytest.mark.parametrize("sight", SIGHTS)
def test_curves_can_be_told_apart(tokens, sight):
    seen = [lab(SIGHTS[sight] @ linear(color)) for color in tokens.plots]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) >= 10


LITERAL = re.compile(
    r"""["'][^"'\n]*\#[0-9A-Fa-f]{3,8}\b | \brgba?\( | QColor\(\s*\d | QColor\(["'] | fromRgb | GlobalColor\.(?!transparent)
    | \bQt\.(?:white|black|red|green|blue|cyan|magenta|yellow|gray|lightGray|dark\w+)\b""",
    re.VERBOSE,
)


def test_only_the_tokens_name_colours():
    root = Path(p2p_desktop.__file__).parent
    found = []
    for path in sorted([*(root / "ui").glob("**/*.py"), *(root / "workers").glob("**/*.py")]):
        if path.name != "tokens.py":
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{path.name}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if LITERAL.search(line)]
    assert found == []


@pytest.mark.parametrize("line", ['pen = "#12AB9f"', "QColor(1, 2, 3)", "Qt.GlobalColor.red", "Qt.red", 'f"color: rgb(1,2,3)"'])
def test_a_literal_colour_would_be_found(line):
    assert LITERAL.search(line)


@THEMES
def test_the_style_sheet_has_no_gaps(tokens):
    sheet = style_sheet(tokens, 10.0)
    assert sheet.count("{") == sheet.count("}")
    assert "None" not in sheet
    colors = set(re.findall(r"#[0-9A-Fa-f]{6}", sheet))
    fields = {getattr(tokens, name) for name in tokens.__dataclass_fields__ if name != "plots"}
    assert colors <= fields


def test_sizes_follow_the_font_of_the_system():
    assert "font-size: 15.00pt" in style_sheet(LIGHT, 10.0)
    assert "font-size: 18.00pt" in style_sheet(LIGHT, 12.0)


def test_digits_have_one_width(look, qtbot):
    label = QLabel("1,111")
    label.setProperty("role", "small")
    qtbot.addWidget(label)
    label.show()
    assert label.font().featureValue(QFont.Tag("tnum")) == 1


def test_follow_changes_everything_that_shows_colour(look, qapp, qtbot):
    window = QWidget()
    window.setProperty("role", "page")
    window.resize(20, 20)
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitSignal(look.theme.changed):
        look.theme.follow("dark")
    assert look.theme.is_dark
    assert look.theme.tokens is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert window.grab().toImage().pixelColor(10, 10) == QColor(DARK.window)


def test_follows_the_system_while_running(look, qapp):
    look.theme.follow("system")
    system_says(qapp, Qt.ColorScheme.Dark)
    assert look.theme.tokens is DARK
    system_says(qapp, Qt.ColorScheme.Light)
    assert look.theme.tokens is LIGHT


def test_a_wish_goes_before_the_system(look, qapp):
    look.theme.follow("dark")
    system_says(qapp, Qt.ColorScheme.Light)
    assert look.theme.tokens is DARK


def test_the_same_wish_again_restyles_nothing(look, qtbot):
    with qtbot.assertNotEmitted(look.theme.changed):
        look.theme.follow("light")


def test_buttons_are_as_high_as_fields(look, qtbot):
    button = QPushButton("Start")
    qtbot.addWidget(button)
    button.show()
    assert button.height() == 32


def test_high_contrast_takes_the_colours_of_the_system(look):
    palette = palette_of(LIGHT)
    for role, color in (("Window", "#000000"), ("WindowText", "#FFFF00"), ("Highlight", "#00FFFF"), ("HighlightedText", "#000000")):
        palette.setColor(QPalette.ColorRole[role], QColor(color))
    tokens = tokens_of(palette)
    assert (tokens.window, tokens.text, tokens.accent, tokens.on_accent) == ("#000000", "#FFFF00", "#00FFFF", "#000000")
    assert tokens.warning_note == tokens.error_note == tokens.success_note == tokens.window  # no tints
    assert tokens.outline == tokens.text
    assert tokens.plots == DARK.plots  # curves for a dark ground


def test_high_contrast_comes_and_goes_while_running(look, qapp, monkeypatch):
    monkeypatch.setattr("p2p_desktop.ui.theme._asks_for_contrast", lambda app: True)
    look.theme.follow("light")
    assert look.theme.high_contrast
    assert look.theme.tokens.warning_note == look.theme.tokens.window
    assert "2px solid" in qapp.styleSheet()
    monkeypatch.undo()
    look.theme.follow("light")
    assert not look.theme.high_contrast
    assert look.theme.tokens is LIGHT


def test_high_contrast_draws_stronger_outlines():
    assert f"QLineEdit {{ border: 2px solid {LIGHT.outline}" in style_sheet(LIGHT, 10.0, outline_width=2)


def system_says(qapp, scheme):
    """What Qt tells when the system changes; a platform without a screen has no scheme to change."""
    qapp.styleHints().colorSchemeChanged.emit(scheme)


def rgb(color):
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def linear(color):
    value = np.array(rgb(color)) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """WCAG 2.1: (lighter + 0.05) / (darker + 0.05), of relative luminance."""
    light, dark = sorted((float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(linear_rgb):
    """CIELAB (D65) of linear sRGB, clipped to what a screen shows."""
    matrix = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    xyz = matrix @ np.clip(linear_rgb, 0, 1) / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
