"""Starts trainers by forking: torch is imported once, so that a test can afford many real processes. Not for Windows.

Reads JSON lines on stdin and answers each with one on stdout:
{"arguments": [...], "stdin": FILE, "stdout": FILE, "stderr": FILE, "first": PYTHON} -> {"pid": N}
    `first` runs in the new process before the trainer's main
{"poll": PID} -> {"code": exit code, negative for a signal; null while it runs}
The end of stdin ends whatever still runs: a test that failed leaves no trainer behind.
"""

import json
import os
import signal
import sys
import traceback

import torch

from training.__main__ import main

running = set()


def start(order):
    pid = os.fork()
    if pid:
        running.add(pid)
        return {"pid": pid}
    code = 99
    try:
        os.setsid()
        for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
            os.dup2(os.open(order[name], os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        exec(order["first"], {})
        code = main(order["arguments"])
    except SystemExit as ending:
        code = ending.code
    except BaseException:  # noqa: BLE001  # the child must end here whatever happens
        traceback.print_exc()
    os._exit(code)


def poll(pid):
    done, status = os.waitpid(pid, os.WNOHANG)
    if done:
        running.discard(pid)
    return {"code": os.waitstatus_to_exitcode(status) if done else None}


if __name__ == "__main__":
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.sum().backward()
    torch.optim.AdamW([parameter]).step()  # imports what is slow
    for line in sys.stdin:
        wanted = json.loads(line)
        sys.stdout.write(json.dumps(poll(wanted["poll"]) if "poll" in wanted else start(wanted)) + "\n")
        sys.stdout.flush()
    for pid in running:
        os.kill(pid, signal.SIGKILL)
