"""The look: colours, sizes and type, light and dark, for style sheet, palette and painters alike."""

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from p2p_desktop.ui.control_style import ControlStyle
from p2p_desktop.ui.style_sheet import TYPE_FACTORS, style_sheet
from p2p_desktop.ui.tokens import DARK, LIGHT, Tokens, tokens_of

ThemeWish = Literal["system", "light", "dark"]
Role = Literal["figure", "title", "summary", "section", "body", "small", "badge"]

# Pixels at 100 %; Qt scales them.
SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL, SPACE_XXL, SPACE_XXXL = 4, 8, 12, 16, 20, 24, 32
RADIUS_THUMBNAIL, RADIUS_CONTROL, RADIUS_CARD, RADIUS_DROP_AREA = 4, 6, 8, 12
CONTROL_HEIGHT, ROW_HEIGHT, HEADER_HEIGHT = 32, 44, 26
TOP_BAR_HEIGHT, PLAIN_TOP_BAR_HEIGHT, FILTER_BAR_HEIGHT, ACTION_BAR_HEIGHT, STATUS_LINE_HEIGHT = 46, 60, 40, 60, 28
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT = 48, 36
RAIL_WIDTH, NARROW_RAIL_WIDTH = 76, 68
SIDE_PANEL_WIDTH, MODELS_PANEL_WIDTH, SETTINGS_PANEL_WIDTH, FOLDED_PANEL_WIDTH = 288, 302, 400, 36
FORM_WIDTH = 724
NARROW_WINDOW = 1000  # below this width the side panel folds and words in tool bars become icons
RAIL_ICON, BUTTON_ICON, TEXT_ICON = 24, 18, 16

PANEL_MS, PROGRESS_MS = 160, 120  # the only motions, beside the ring of what is working
RING_TURN_MS = 1000

_MIDDLE_GREY = 128

# 400, 500 and 600 only.
_WEIGHTS: dict[Role, QFont.Weight] = {
    "figure": QFont.Weight.DemiBold,
    "title": QFont.Weight.DemiBold,
    "summary": QFont.Weight.DemiBold,
    "section": QFont.Weight.DemiBold,
    "body": QFont.Weight.Normal,
    "small": QFont.Weight.Normal,
    "badge": QFont.Weight.Medium,
}


class Theme(QObject):
    """Gives the program its look, and changes it while it runs: with the system, or as the person wishes."""

    changed = Signal()  # after style sheet and palette have changed; painters read `tokens` anew

    def __init__(self, app: QApplication, wish: ThemeWish = "system") -> None:
        super().__init__(app)
        self._app = app
        self._base_font = QFont(app.font())
        self._style = ControlStyle()  # alike on every system, and fully coloured by palette and style sheet
        app.setStyle(self._style)
        app.setFont(self.font("body"))  # the system's, with digits of one width
        self.tokens = LIGHT
        self.high_contrast = False
        self._wish, self._scheme = wish, Qt.ColorScheme.Unknown
        self._applied: tuple[Tokens, float] | None = None
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._on_scheme_changed)
        if hasattr(hints, "accessibility"):  # Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self._on_contrast_changed)
        self.follow(wish)

    @property
    def is_dark(self) -> bool:
        return QColor(self.tokens.window).lightness() < _MIDDLE_GREY

    def follow(self, wish: ThemeWish) -> None:
        """Follow the system, or be light or dark whatever the system is. Title bars follow where the system allows it.

        High contrast comes from the system, and goes before this wish.
        """
        self._wish = wish
        schemes = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        hints = self._app.styleHints()
        hints.setColorScheme(schemes[wish])
        self._scheme = hints.colorScheme()
        self._apply()

    def font(self, role: Role, weight: QFont.Weight | None = None) -> QFont:
        """The system's font in the size of a role. Digits of one width, so that numbers that change do not jitter."""
        factor = TYPE_FACTORS[role]
        font = QFont(self._base_font)
        size = self._base_font.pointSizeF()
        if size > 0:
            font.setPointSizeF(size * factor)
        else:  # a system that gives pixels
            font.setPixelSize(round(self._base_font.pixelSize() * factor))
        font.setWeight(weight or _WEIGHTS[role])
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def color(self, token: str) -> QColor:
        """The colour of a token by its name."""
        return QColor(getattr(self.tokens, token))

    def _on_scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._scheme = scheme
        self._apply()

    def _on_contrast_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        self.high_contrast = _asks_for_contrast(self._app)
        tokens = self._tokens()
        if self._applied == (tokens, self._point_size()):
            return
        self._applied = (tokens, self._point_size())
        self.tokens = self._style.tokens = tokens
        self._style.outline_width = 2 if self.high_contrast else 1
        self._app.setPalette(palette_of(tokens))
        self._app.setStyleSheet(style_sheet(tokens, self._point_size(), self._style.outline_width))
        self.changed.emit()

    def _tokens(self) -> Tokens:
        if self.high_contrast:
            self._app.setPalette(QPalette())  # back to the system's
            return tokens_of(self._app.palette())
        dark = self._wish == "dark" or (self._wish == "system" and self._scheme == Qt.ColorScheme.Dark)
        return DARK if dark else LIGHT

    def _point_size(self) -> float:
        size = self._base_font.pointSizeF()
        return size if size > 0 else self._base_font.pixelSize() * 0.75


def _asks_for_contrast(app: QApplication) -> bool:
    hints = app.styleHints()
    if not hasattr(hints, "accessibility"):  # before Qt 6.10 nobody tells
        return False
    return bool(hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast)


def palette_of(tokens: Tokens) -> QPalette:
    """For what the style sheet does not reach: menus, dialogs of the system, text that is selected."""
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, tokens.window),
        (roles.WindowText, tokens.text),
        (roles.Base, tokens.control),
        (roles.AlternateBase, tokens.surface),
        (roles.Text, tokens.text),
        (roles.Button, tokens.control),
        (roles.ButtonText, tokens.text),
        (roles.BrightText, tokens.on_accent),
        (roles.Highlight, tokens.accent),
        (roles.HighlightedText, tokens.on_accent),
        (roles.Link, tokens.accent_text),
        (roles.LinkVisited, tokens.accent_text),
        (roles.ToolTipBase, tokens.surface),
        (roles.ToolTipText, tokens.text),
        (roles.PlaceholderText, tokens.muted),
        (roles.Light, tokens.surface),
        (roles.Midlight, tokens.hover),
        (roles.Mid, tokens.border),
        (roles.Dark, tokens.outline),
        (roles.Shadow, tokens.outline),
        (roles.Accent, tokens.accent),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.disabled))
    return palette
