"""What every widget needs to look like the rest: the theme and the icons, handed down from the window."""

from dataclasses import dataclass

from p2p_desktop.ui.icons import Icons
from p2p_desktop.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Look:
    """The first argument of every widget of ours."""

    theme: Theme
    icons: Icons
