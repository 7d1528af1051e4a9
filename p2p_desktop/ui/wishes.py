"""How the next conversion is to be made, in the engine's words; without widgets."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the engine imports OpenCV; the first paint must not wait for it
    from p2p_desktop.convert.events import ConvertSettings


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the side panel of Convert says."""

    model: str = ""  # a name in the library; "" while there is none
    output: str = ""  # a folder; "": beside each source folder
    format: str = "keep"
    device: str = "auto"
    strength: float = 1.0
    quality: int = 95
    existing: str = "auto"
    recurse: bool = True
    keep_metadata: bool = True
    statistics: str = "auto"

    def make_the_same(self, others: "Wishes") -> bool:
        """Tell whether results are the same with these: on another device they are, in another folder they are not."""
        return replace(self, device="", recurse=True) == replace(others, device="", recurse=True)

    def settings(self) -> "ConvertSettings":
        from p2p_desktop.convert.events import ConvertSettings

        return ConvertSettings(
            format=self.format,  # type: ignore[arg-type]  # the combo boxes hold nothing else
            quality=self.quality,
            strength=self.strength,
            existing=self.existing,  # type: ignore[arg-type]  # as above
            recurse=self.recurse,
            keep_metadata=self.keep_metadata,
        )
