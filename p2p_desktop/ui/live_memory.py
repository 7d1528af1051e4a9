"""What Live remembers from one time to the next. What cannot be used of it is as if it had never been."""

from p2p_desktop.live.wishes import HELD_FPS, LiveWishes
from p2p_desktop.ui.remembered import Remembered
from training.contract.errors import ConfigError

_KEY = "live"


class LiveMemory:
    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    def restored(self) -> tuple[LiveWishes, str, str]:
        """Wishes, the name of a model or "", and how camera and result are shown. The strength is not kept: it begins whole."""
        number = self._remembered.number
        kept = self._remembered.value(_KEY)
        words = kept if isinstance(kept, dict) else {}
        held = number(_KEY, "hold_fps")
        try:
            wishes = LiveWishes(
                side=int(number(_KEY, "side") or 0),
                hold_fps=HELD_FPS if held is None else held,
                mirror=words.get("mirror") is True,
                blend=number(_KEY, "blend") or 0.0,
            )
        except (ConfigError, ValueError, OverflowError):
            wishes = LiveWishes(hold_fps=HELD_FPS)
        model, mode = words.get("model"), words.get("mode")
        return wishes, model if isinstance(model, str) else "", mode if isinstance(mode, str) else ""

    def keep(self, wishes: LiveWishes, model: str, mode: str) -> None:
        kept = {"side": wishes.side, "hold_fps": wishes.hold_fps, "mirror": wishes.mirror, "blend": wishes.blend}
        self._remembered.keep(**{_KEY: kept | {"model": model, "mode": mode}})
