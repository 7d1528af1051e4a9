"""What a person may wish of Live while it runs. Replaced as a whole, so that every frame is made by one of them."""

from dataclasses import dataclass

from training.contract.errors import ConfigError

FEWEST_HELD, MOST_HELD = 1.0, 120.0  # frames a second that can be asked for
HELD_FPS = 25.0  # frames a second that the window holds if nobody says otherwise
LEAST_SIDE, MOST_SIDE = 32, 4096  # pixels


@dataclass(frozen=True, slots=True)
class LiveWishes:
    """Raises ConfigError for what is out of range."""

    strength: float = 1.0
    """0 (the source) to 1 (the translation)."""
    side: int = 0
    """Pixels of the long side at which the model works; 0 leaves it to the program."""
    hold_fps: float = 0.0
    """Frames a second for which the working size is lowered; 0 for none."""
    mirror: bool = False
    blend: float = 0.0
    """0 to 0.95: how much of what the model made of the frame before stays, where the picture stands still."""

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"The strength must be 0 to 1, not {self.strength:g}.")
        if self.side and not LEAST_SIDE <= self.side <= MOST_SIDE:
            raise ConfigError(f"The working size must be {LEAST_SIDE} to {MOST_SIDE} pixels, not {self.side}.")
        if self.hold_fps and not FEWEST_HELD <= self.hold_fps <= MOST_HELD:
            raise ConfigError(f"{FEWEST_HELD:g} to {MOST_HELD:g} frames a second can be held, not {self.hold_fps:g}.")
        if not 0 <= self.blend <= 0.95:
            raise ConfigError(f"The blend must be 0 to 0.95, not {self.blend:g}.")
