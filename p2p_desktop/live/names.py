"""What snapshots and recordings are called where the person gives no name."""

import re
from datetime import datetime

from p2p_desktop.placing import ended

_REFUSED = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')  # by Windows, and by drives that travel between systems


def dated_name(at: datetime, what: str, suffix: str) -> str:
    """Return a name such as `P2P Desktop 2026-11-30 20.15.04 deblur.png`, within 255 bytes, that every file system takes.

    `at`: local time. `what`: a model's name, or nothing. `suffix`: with its dot.
    """
    words = ["P2P Desktop", f"{at:%Y-%m-%d %H.%M.%S}", " ".join(_REFUSED.sub(" ", what).split()).rstrip(" .")]
    return ended(" ".join(word for word in words if word), suffix)
