"""The style sheet: one text for the whole window, of the theme's tokens. Widgets say by their property `role` what they are."""

from p2p_desktop.ui.tokens import Tokens


def style_sheet(tokens: Tokens, point_size: float, outline_width: int = 1) -> str:
    """Return Qt style sheet text. `point_size`: of the system's font; everything else is a factor of it.

    `outline_width`: of buttons, fields, cards and notes, in pixels.
    """
    sizes = {name: f"{point_size * factor:.2f}pt" for name, factor in TYPE_FACTORS.items()}
    sheet = "\n".join(part(tokens, sizes) for part in (_surfaces, _words, _buttons, _fields, _sliders, _bars, _lists))
    return sheet if outline_width == 1 else sheet + _strong_outlines(tokens, outline_width)


# Of the system's font.
TYPE_FACTORS = {"figure": 2.0, "title": 1.5, "summary": 1.3, "section": 1.15, "body": 1.0, "small": 0.9, "badge": 0.86}
Sizes = dict[str, str]
_ARROW_INDENT = 4  # pixels that the icon of a disclosure reaches out to the left, where both its arrows are empty
_TOOL = 29  # pixels; Fusion adds 3 to every tool button


def _surfaces(t: Tokens, _: Sizes) -> str:
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog, QFrame[role="page"], QWidget[role="page"] {{ background: {t.window}; color: {t.text}; }}
QFrame[role="panel"] {{ background: {t.surface}; border: none; border-left: 1px solid {t.border}; }}
QFrame[role="side_list"] {{ background: {t.surface}; border: none; border-right: 1px solid {t.border}; }}
QFrame[role="card"] {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: 8px; }}
QFrame[role="bar"] {{ background: {t.surface}; border: none; border-bottom: 1px solid {t.border}; }}
QFrame[role="top_bar"] {{ background: {t.window}; border: none; border-bottom: 1px solid {t.border}; }}
QFrame[role="action_bar"] {{ background: {t.surface}; border: none; border-top: 1px solid {t.border}; }}
QFrame[role="canvas"] {{ background: {t.canvas}; border: none; }}
QFrame[role="rail"] {{ background: {t.rail}; border: none; border-right: 1px solid {t.border}; }}
QFrame[role="status_line"] {{ background: {t.rail}; border: none; border-top: 1px solid {t.border}; }}
QFrame[role="separator"] {{ background: {t.border}; border: none; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QFrame[note] {{ border: none; border-radius: 6px; }}
QFrame[note="success"] {{ background: {t.success_note}; }}
QFrame[note="warning"] {{ background: {t.warning_note}; }}
QFrame[note="error"] {{ background: {t.error_note}; }}
QFrame[note="info"] {{ background: {t.selected}; }}
QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; padding: 4px 6px; }}
QMenu {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 10px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.selected}; }}
QMenu::item:disabled {{ color: {t.disabled}; }}
QMenu::icon {{ padding-left: 10px; }}
QMenu::separator {{ height: 1px; background: {t.border}; margin: 4px 6px; }}
QSplitter::handle {{ background: {t.border}; }}
"""


def _words(t: Tokens, s: Sizes) -> str:
    return f"""
QLabel {{ color: {t.text}; background: transparent; }}
QLabel[role="figure"] {{ font-size: {s["figure"]}; font-weight: 600; }}
QLabel[role="title"] {{ font-size: {s["title"]}; font-weight: 600; }}
QLabel[role="summary"] {{ font-size: {s["summary"]}; font-weight: 600; }}
QLabel[role="section"] {{ font-size: {s["section"]}; font-weight: 600; }}
QLabel[role="label"] {{ font-weight: 600; }}
QLabel[role="muted"] {{ color: {t.muted}; }}
QLabel[role="small"] {{ color: {t.muted}; font-size: {s["small"]}; }}
QLabel[role="link"] {{ color: {t.accent_text}; }}
QLabel[role="error"] {{ color: {t.error}; font-weight: 600; }}
QLabel[role="warning"] {{ color: {t.warning}; font-weight: 600; }}
QLabel[role="success"] {{ color: {t.success}; font-weight: 600; }}
QLabel[kind="success"] {{ color: {t.success}; }}
QLabel[kind="warning"] {{ color: {t.warning}; }}
QLabel[role="note"] {{ font-weight: 500; }}
QLabel:disabled {{ color: {t.disabled}; }}
QLabel[badge] {{ border-radius: 4px; padding: 2px 7px; font-size: {s["badge"]}; font-weight: 600; }}
QLabel[badge="plain"] {{ background: {t.pressed}; }}
QLabel[badge="accent"] {{ background: {t.selected}; color: {t.accent_text}; }}
QLabel[badge="success"] {{ background: {t.success_note}; color: {t.success}; }}
QLabel[badge="warning"] {{ background: {t.warning_note}; color: {t.warning}; }}
QLabel[badge="error"] {{ background: {t.error_note}; color: {t.error}; }}
"""


def _buttons(t: Tokens, s: Sizes) -> str:
    return f"""
QPushButton, QToolButton[role="plain"] {{
    background: {t.control}; color: {t.text}; border: 1px solid {t.border}; border-radius: 6px;
    min-height: 30px; padding: 0 16px; font-weight: 500;
}}
QToolButton[role="plain"] {{ min-width: {_TOOL - 2}px; min-height: {_TOOL - 2}px; padding: 0; }}
QPushButton:hover, QToolButton[role="plain"]:hover {{ background: {t.hover}; }}
QPushButton:pressed, QToolButton[role="plain"]:pressed {{ background: {t.pressed}; }}
QPushButton:disabled, QToolButton[role="plain"]:disabled {{ color: {t.disabled}; }}
QPushButton[role="primary"] {{ background: {t.accent}; color: {t.on_accent}; border: 1px solid {t.accent}; font-weight: 600; }}
QPushButton[role="primary"]:hover {{ background: {t.accent_hover}; border-color: {t.accent_hover}; }}
QPushButton[role="primary"]:pressed {{ background: {t.accent_pressed}; border-color: {t.accent_pressed}; }}
QPushButton[role="primary"]:disabled {{ background: {t.track}; border-color: {t.track}; color: {t.disabled}; }}
QPushButton[role="text"] {{ background: transparent; border-color: transparent; }}
QPushButton[role="text"]:hover {{ background: {t.hover}; }}
QPushButton[role="text"]:pressed {{ background: {t.pressed}; }}
QPushButton[role="link"] {{ background: transparent; border: none; color: {t.accent_text}; padding: 0 4px; min-height: 24px; }}
QPushButton[role="link"]:hover {{ text-decoration: underline; }}
QPushButton[role="chip"] {{
    background: transparent; color: {t.muted}; border: none; border-radius: 13px;
    min-height: 26px; max-height: 26px; padding: 0 11px;
}}
QPushButton[role="chip"]:hover {{ background: {t.hover}; color: {t.text}; }}
QPushButton[role="chip"]:checked {{ background: {t.selected}; color: {t.accent_text}; font-weight: 600; }}
QPushButton[role="warning_badge"] {{
    background: {t.warning_note}; color: {t.warning}; border: none; border-radius: 4px; min-height: 20px; padding: 0 8px;
    font-weight: 600; font-size: {s["small"]};
}}
QPushButton[role="warning_badge"]:hover {{ text-decoration: underline; }}
QToolButton[role="icon"], QToolButton[role="disclosure"] {{
    background: transparent; color: {t.text}; border: none; border-radius: 6px;
    min-height: {_TOOL}px; padding: 0 6px; font-weight: 500;
}}
QToolButton[role="icon"] {{ min-width: {_TOOL}px; padding: 0; }}
QToolButton[role="disclosure"] {{ padding: 0 6px 0 -{_ARROW_INDENT}px; }}
QToolButton[role="icon"]:hover, QToolButton[role="disclosure"]:hover {{ background: {t.hover}; }}
QToolButton[role="icon"]:pressed {{ background: {t.pressed}; }}
QToolButton[role="icon"]:checked {{ background: {t.selected}; color: {t.accent_text}; }}
QToolButton:disabled, QPushButton[role="chip"]:disabled {{ color: {t.disabled}; }}
QPushButton[role="link"]:disabled {{ color: {t.disabled}; text-decoration: none; }}
QToolButton::menu-indicator, QPushButton::menu-indicator {{ image: none; width: 0; }}
"""


def _fields(t: Tokens, _: Sizes) -> str:
    return f"""
QLineEdit {{
    placeholder-text-color: {t.muted};
    background: {t.control}; color: {t.text}; border: 1px solid {t.outline}; border-radius: 6px; min-height: 30px; padding: 0 10px;
    selection-background-color: {t.accent}; selection-color: {t.on_accent};
}}
QLineEdit:hover {{ background: {t.hover}; }}
QLineEdit:focus {{ background: {t.control}; }}
QLineEdit:disabled {{ background: {t.control}; color: {t.disabled}; border-color: {t.border}; }}
QLineEdit[invalid="true"] {{ border: 2px solid {t.error}; padding: 0 9px; min-height: 28px; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ background: transparent; border: none; padding: 0; min-height: 0; }}
QComboBox, QAbstractSpinBox {{ color: {t.text}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox:disabled, QAbstractSpinBox:disabled {{ color: {t.disabled}; }}
QComboBox QAbstractItemView {{
    background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; selection-background-color: {t.selected};
    selection-color: {t.text}; padding: 4px;
}}
QComboBox QAbstractItemView::item {{ min-height: 28px; padding: 0 6px; border-radius: 4px; }}
QCheckBox, QRadioButton {{ color: {t.text}; spacing: 8px; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 16px; height: 16px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.disabled}; }}
QPlainTextEdit, QTextEdit {{
    background: {t.surface}; color: {t.text}; border: 1px solid {t.border}; border-radius: 6px; padding: 6px;
}}
"""


def _sliders(t: Tokens, _: Sizes) -> str:
    return f"""
QSlider:horizontal {{ min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.track}; }}
QSlider::sub-page:horizontal {{ background: {t.accent_text}; border-radius: 2px; }}
QSlider::handle:horizontal {{
    width: 12px; height: 12px; margin: -6px 0; border-radius: 8px; background: {t.surface}; border: 2px solid {t.accent_text};
}}
QSlider::handle:horizontal:hover {{ background: {t.selected}; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {t.track}; border-color: {t.disabled}; }}
"""


def _bars(t: Tokens, _: Sizes) -> str:
    return f"""
QProgressBar {{ background: {t.track}; color: transparent; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent_text}; border-radius: 3px; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
QScrollBar::handle {{ background: {t.track}; border-radius: 4px; }}
QScrollBar::handle:vertical {{ min-height: 28px; }}
QScrollBar::handle:horizontal {{ min-width: 28px; }}
QScrollBar::handle:hover {{ background: {t.outline}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


def _lists(t: Tokens, s: Sizes) -> str:
    return f"""
QTableView, QListView {{
    background: {t.surface}; color: {t.text}; border: none; selection-background-color: {t.selected}; selection-color: {t.text};
}}
QListView[role="cards"] {{ background: {t.window}; }}
QHeaderView {{ background: {t.surface}; border: none; }}
QHeaderView::section {{
    background: {t.surface}; color: {t.muted}; border: none; border-bottom: 1px solid {t.border}; padding: 0 4px 0 0;
    font-size: {s["small"]}; font-weight: 600; text-align: left;
}}
QHeaderView::section:first {{ padding-left: 14px; }}
QHeaderView::section:hover {{ background: {t.hover}; }}
"""


def _strong_outlines(t: Tokens, width: int) -> str:
    """For high contrast, where edges must carry what tints do elsewhere."""
    return f"""
QPushButton, QToolButton[role="plain"], QLineEdit {{ border: {width}px solid {t.outline}; min-height: 28px; }}
QPushButton:disabled, QLineEdit:disabled {{ border-color: {t.disabled}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; min-height: 0; }}
QFrame[role="card"], QFrame[note], QLabel[badge], QMenu, QToolTip {{ border: {width}px solid {t.outline}; }}
QPushButton[role="text"]:disabled {{ border-color: transparent; }}
QLineEdit[invalid="true"] {{ border: {width + 1}px solid {t.error}; min-height: 26px; }}
QPushButton[role="chip"]:checked, QToolButton[role="icon"]:checked, QMenu::item:selected {{
    background: {t.accent}; color: {t.on_accent};
}}
QTableView, QListView {{ selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
"""
