"""Behaves as a trainer would, as the words after its own say: a JSON list of what to do, step by step.

"event" prints a JSON line; "noise" prints another; "request" prints what it was asked; "stdin" waits for its end; "order" waits for
one; "hang"; "code" exits.
"""

import json
import sys
import time
from pathlib import Path

run = Path(sys.argv[sys.argv.index("--config") + 1]).parent
for name, value in json.loads(sys.argv[1]):
    if name == "event":
        sys.stdout.write(json.dumps(value) + "\n")
    elif name == "request":
        asked = json.loads(Path(sys.argv[sys.argv.index("--config") + 1]).read_text(encoding="utf-8"))
        sys.stdout.write(json.dumps({"type": "result", "data": asked}) + "\n")
    elif name == "noise":
        sys.stdout.write(value + "\n")
        sys.stderr.write(value + "\n")
    elif name == "stdin":
        sys.stdin.buffer.read()
    elif name == "order":
        while not list((run / "orders").glob("*.json")):
            time.sleep(0.01)
    elif name == "hang":
        time.sleep(600)
    elif name == "code":
        sys.exit(value)
    sys.stdout.flush()
