"""Killed, crowded, out of room and locked out: in processes of their own, on real file systems."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.convert.fakes import Desk, is_negative, save_picture, tree

ROOT = Path(__file__).parents[2]
NUM_PICTURES = 40
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="made with tools of Linux")


def command(desk: Desk, *options: str, before: tuple[str, ...] = ()) -> list[str]:
    folders = [str(folder) for folder in (desk.photos, desk.out, desk.journal)]
    return [*before, sys.executable, "-m", "tests.convert.child", *folders, *options]


def start(desk: Desk, *options: str) -> subprocess.Popen:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command(desk, *options), cwd=ROOT, text=True, **pipes)


def run(desk: Desk, *options: str, before: tuple[str, ...] = ()) -> tuple[int, list[dict]]:
    """Run a child to its end; return its exit code and what it printed."""
    done = subprocess.run(command(desk, *options, before=before), cwd=ROOT, text=True, stdout=subprocess.PIPE, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def of_type(events: list[dict], kind: str) -> list[dict]:
    return [event for event in events if event["type"] == kind]


def fill(desk: Desk, number: int = NUM_PICTURES, side: int = 24) -> None:
    for index in range(number):
        save_picture(desk.photos / f"folder{index % 3}" / f"{index}.png", height=side, width=side, seed=index)


def check_nothing_is_partial(desk: Desk) -> dict[str, tuple[int, int]]:
    """Compare every output with its source; return what tells whether a file is still the same one."""
    found = {}
    for output in desk.out.rglob("*.png"):
        name = output.relative_to(desk.out)
        assert is_negative(output, desk.photos / name)
        status = output.stat()
        found[str(name)] = (status.st_ino, status.st_mtime_ns)
    return found


def check_journal(desk: Desk) -> None:
    """Hold the journal of a finished conversion against the disk."""
    db = sqlite3.connect(desk.journal)
    rows = db.execute("SELECT target, size, mtime_ns FROM outputs").fetchall()
    assert db.execute("SELECT * FROM claims").fetchall() == []
    db.close()
    assert {os.fsdecode(target) for target, *_ in rows} == {str(desk.out / name) for name in desk.made()}
    for target, size, mtime_ns in rows:
        status = Path(os.fsdecode(target)).stat()
        assert (size, mtime_ns) == (status.st_size, status.st_mtime_ns)


def kill_again_and_again(desk: Desk, kills: int, seed: int) -> None:
    """Kill conversions at random moments, some when they have hardly begun; let the last one finish, and start over."""
    moments = random.Random(seed)
    fill(desk)
    sources = tree(desk.photos)
    finished = 0
    for _ in range(kills):
        before = check_nothing_is_partial(desk) if desk.out.exists() else {}
        child = start(desk, "--wait", "--seconds", "0.004")
        assert child.stdout.readline()
        child.stdin.write("go\n")
        child.stdin.flush()
        time.sleep(moments.uniform(0.0, 0.12))  # a whole run takes about 0.15 s
        child.kill()
        child.communicate()
        after = check_nothing_is_partial(desk) if desk.out.exists() else {}
        assert before.items() <= after.items(), "what was done was done again"
        if len(after) == NUM_PICTURES:
            finished += 1
            shutil.rmtree(desk.out)
    _, events = run(desk)
    check_nothing_is_partial(desk)
    assert desk.made() == sorted(sources)  # no numbers, no temporary names
    check_journal(desk)
    assert tree(desk.photos) == sources
    (summary,) = of_type(events, "Summary")
    assert (summary["converted"] + summary["skipped"], summary["failed"]) == (NUM_PICTURES, 0)
    assert finished < kills, "no kill met work in progress"


def test_a_killed_conversion_is_finished_by_the_next(desk):
    kill_again_and_again(desk, kills=6, seed=0)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(desk):
    kill_again_and_again(desk, kills=100, seed=int(time.time()))


def test_two_conversions_at_once_share_the_work(desk):
    fill(desk)
    children = [start(desk, "--wait", "--seconds", "0.01") for _ in range(2)]
    for child in children:
        assert child.stdout.readline()
    outs = []
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        outs.append([json.loads(line) for line in child.communicate()[0].splitlines()])
        assert child.returncode == 0
    rows = [row for events in outs for row in of_type(events, "PictureDone")]
    converted = [row["source"] for row in rows if row["state"] == "converted"]
    assert len(converted) == len(set(converted)) == NUM_PICTURES
    assert {row["reason"] for row in rows if row["state"] == "skipped"} <= {
        "Another run is making it.",
        "It is converted already.",
    }
    assert desk.made() == sorted(tree(desk.photos))
    check_nothing_is_partial(desk)
    check_journal(desk)


def in_a_namespace(mount: str) -> tuple[str, ...]:
    """Return what to put before a command so that it sees a file system that others do not; skip where nobody may."""
    before = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    try:
        subprocess.run([*before, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs a mount namespace: {error}")
    return before


@linux_only
def test_a_full_disk_ends_the_job_and_keeps_what_is_done(desk):
    fill(desk, side=120)  # 43 KB each
    desk.out.mkdir()
    code, events = run(desk, "--list", before=in_a_namespace(f"mount -t tmpfs -o size=512k none {desk.out}"))
    (failure,) = of_type(events, "failure")
    assert (code, failure["kind"]) == (1, "TargetError")
    assert "is full" in failure["message"]
    done = [row for row in of_type(events, "PictureDone") if row["state"] == "converted"]
    (files,) = of_type(events, "files")
    assert sorted(str(desk.out / name) for name in files["files"]) == sorted(row["output"] for row in done)
    assert 0 < len(done) < NUM_PICTURES
    assert of_type(events, "Summary")[0]["converted"] == len(done)


@linux_only
def test_a_full_disk_under_the_journal_ends_the_job(desk):
    fill(desk, number=400, side=4)
    desk.journal.parent.mkdir()
    code, events = run(desk, before=in_a_namespace(f"mount -t tmpfs -o size=128k none {desk.journal.parent}"))
    (failure,) = of_type(events, "failure")
    assert (code, failure["kind"]) == (1, "JournalError")
    assert "full" in failure["message"]
    check_nothing_is_partial(desk)
    assert not [name for name in desk.made() if not name.endswith(".png")]


@linux_only
def test_a_read_only_disk_ends_the_job(desk):
    fill(desk, number=2)
    desk.out.mkdir()
    code, events = run(desk, before=in_a_namespace(f"mount -t tmpfs -o ro none {desk.out}"))
    (failure,) = of_type(events, "failure")
    assert (code, failure["kind"]) == (1, "TargetError")
    assert "cannot be written to" in failure["message"]


def without_roots_powers() -> tuple[str, ...]:
    """Return what to put before a command so that permissions hold for it, even where the tests run as root."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("runs as root, whom permissions do not stop, and has no setpriv")
    return ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@linux_only
def test_a_folder_without_permission_to_write_ends_the_job(desk):
    fill(desk, number=2)
    desk.out.mkdir()
    desk.out.chmod(0o555)
    code, events = run(desk, before=without_roots_powers())
    desk.out.chmod(0o755)
    (failure,) = of_type(events, "failure")
    assert (code, failure["kind"]) == (1, "TargetError")
    assert "Choose another output folder." in failure["message"]


@linux_only
def test_sources_without_permission_to_read_are_rows(desk):
    fill(desk, number=3)
    (desk.photos / "folder0").chmod(0)
    (desk.photos / "folder1/1.png").chmod(0)
    code, events = run(desk, before=without_roots_powers())
    (desk.photos / "folder0").chmod(0o755)
    rows = {Path(row["source"]).name: row for row in of_type(events, "PictureDone")}
    assert {name: row["state"] for name, row in rows.items()} == {
        "folder0": "failed",
        "1.png": "failed",
        "2.png": "converted",
    }
    assert code == 0
    assert "folder0" in rows["folder0"]["reason"]
    assert "1.png" in rows["1.png"]["reason"]


@linux_only
def test_one_folder_without_permission_to_write_does_not_end_the_job(desk):
    fill(desk, number=3)
    (desk.out / "folder0").mkdir(parents=True)
    (desk.out / "folder0").chmod(0o555)
    code, events = run(desk, before=without_roots_powers())
    (desk.out / "folder0").chmod(0o755)
    states = {Path(row["source"]).name: row["state"] for row in of_type(events, "PictureDone")}
    assert (code, states) == (0, {"0.png": "failed", "1.png": "converted", "2.png": "converted"})
