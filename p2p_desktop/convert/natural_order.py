"""The order of names as people count: "IMG_2" before "img_10". For every list of pictures, so that all agree."""

import re

_DIGITS = re.compile(r"[0-9]+")
_MOST_DIGITS = 20  # of a number in a name


def natural_order(name: str) -> str:
    """Return what a name is ordered by; equal for names that differ in case or in leading zeros only."""
    return _DIGITS.sub(_padded, name.casefold())


def _padded(digits: re.Match[str]) -> str:
    return digits[0].rjust(_MOST_DIGITS, "0")
