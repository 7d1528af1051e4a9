"""The colours of the look, light and dark, by what they are for.

Surfaces are exactly neutral (R = G = B): a tinted panel beside a photograph changes how the photograph looks. Tint is for selection
and notes only. A test computes the contrast of every pair that meets on the screen.
"""

from dataclasses import dataclass, replace

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours as "#RRGGBB"."""

    window: str  # pages
    surface: str  # panels and cards
    rail: str  # rail and status line
    control: str  # buttons and fields
    hover: str
    pressed: str  # also the track of segments
    border: str  # decoration
    outline: str  # edge of fields and switches
    track: str  # bars and sliders
    canvas: str  # round every judged picture
    text: str
    muted: str
    disabled: str
    accent: str  # filled buttons, switches, boxes; white text on it
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_text: str  # links, selected rail item, focus ring, progress, slider
    selected: str  # selected row, chip, rail item
    success: str
    success_note: str
    warning: str
    warning_note: str
    error: str
    error_note: str
    plots: tuple[str, str, str, str]  # G L1, G GAN, D real, D fake, in this order everywhere
    plot_grid: str
    plate: str  # behind words that lie on a picture; the same in both themes, as are the next two
    on_plate: str
    on_plate_edge: str
    surround_black: str  # round judged pictures, by the person's choice; the same in both themes
    surround_dark: str
    surround_middle: str
    surround_light: str
    surround_white: str


_PLATE = {
    "plate": "#1E1E1E",
    "on_plate": "#FFFFFF",
    "on_plate_edge": "#000000",
    "surround_black": "#000000",
    "surround_dark": "#3A3A3A",
    "surround_middle": "#777777",
    "surround_light": "#C6C6C6",
    "surround_white": "#FFFFFF",
}

LIGHT = Tokens(
    window="#F3F3F3",
    surface="#FFFFFF",
    rail="#E9E9E9",
    control="#FFFFFF",
    hover="#EBEBEB",
    pressed="#DFDFDF",
    border="#DADADA",
    outline="#858585",
    track="#D4D4D4",
    canvas="#C6C6C6",
    text="#1B1B1B",
    muted="#595959",
    disabled="#8C8C8C",
    accent="#2B59CF",
    accent_hover="#244CB3",
    accent_pressed="#1D3F97",
    on_accent="#FFFFFF",
    accent_text="#2B59CF",
    selected="#E4EBFC",
    success="#17693B",
    success_note="#E3F3E9",
    warning="#7F5300",
    warning_note="#FBF0D9",
    error="#B3261E",
    error_note="#FCE9E7",
    plots=("#0072B2", "#C44E00", "#00805C", "#B2588B"),
    plot_grid="#E4E4E4",
    **_PLATE,
)
DARK = Tokens(
    window="#1C1C1C",
    surface="#262626",
    rail="#161616",
    control="#2E2E2E",
    hover="#313131",
    pressed="#3B3B3B",
    border="#3A3A3A",
    outline="#868686",
    track="#474747",
    canvas="#3A3A3A",
    text="#EDEDED",
    muted="#ABABAB",
    disabled="#717171",
    accent="#3F6AE0",
    accent_hover="#375FD0",
    accent_pressed="#2F53B8",
    on_accent="#FFFFFF",
    accent_text="#9AB6FF",
    selected="#2A3553",
    success="#62CC92",
    success_note="#1F3529",
    warning="#E3B455",
    warning_note="#3A301B",
    error="#FF8F85",
    error_note="#40262A",
    plots=("#56B4E9", "#E69F00", "#3CC9A0", "#E58FC4"),
    plot_grid="#343434",
    **_PLATE,
)


def tokens_of(palette: QPalette) -> Tokens:
    """Return the colours that the system chose for high contrast: nothing between ground and words, no tints."""

    def name(role: QPalette.ColorRole, group: QPalette.ColorGroup = QPalette.ColorGroup.Active) -> str:
        return palette.color(group, role).name().upper()

    roles = QPalette.ColorRole
    ground, text, accent = name(roles.Window), name(roles.WindowText), name(roles.Highlight)
    like = DARK if QColor(ground).lightness() < QColor(text).lightness() else LIGHT
    # Each group is one colour, so that nothing lies between ground and words.
    return replace(
        like,
        window=ground,
        surface=ground,
        rail=ground,
        control=ground,
        hover=ground,
        pressed=ground,
        selected=ground,
        success_note=ground,
        warning_note=ground,
        error_note=ground,
        text=text,
        muted=text,
        border=text,
        outline=text,
        accent_text=text,
        success=text,
        warning=text,
        error=text,
        accent=accent,
        accent_hover=accent,
        accent_pressed=accent,
        on_accent=name(roles.HighlightedText),
        disabled=name(roles.WindowText, QPalette.ColorGroup.Disabled),
    )
