"""Whether the window opens and shows its pages."""

import sys
from collections.abc import Sequence

from p2p_desktop.child import own_command
from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import Bench, broken, remedy_after

NATIVE = {"win32": "qwindows", "darwin": "qcocoa"}.get(sys.platform, "qxcb")
"""Qt's plugin for the screens of this system: the test itself needs none of them."""
_PLACES = 5  # pages of the window


def try_window(bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether the window opens, shows every page, and closes. `command` stands in for the window's."""
    ended = bench.run("window", command or own_command("window-check"))
    pages = ended.lines_of("page")
    complaint = ended.complaint
    if not complaint and len(pages) != _PLACES:
        complaint = f"It showed {len(pages)} of its {_PLACES} pages."
    firsts = ended.lines_of("first_paint")
    if not complaint and not any(NATIVE in line["plugins"] for line in firsts):
        complaint = f"Qt does not find {NATIVE}, its plugin for the screens of this system."
    if complaint:
        return broken("window", "The window does not work", complaint, remedy_after(ended))
    first = sum(line["first_paint_ms"] for line in firsts) / 1000
    slowest = max(pages, key=lambda line: float(line["ms"]))
    said = f"Painted {first:.1f} s after its start; the slowest page, {slowest['page']}, took {slowest['ms'] / 1000:.1f} s."
    return Finding("test window", "ok", "The window works", said)
