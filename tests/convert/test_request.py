"""A conversion as a person asks for it: kept in a file, carried out part by part, offered again after a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from p2p_desktop.convert.events import ConvertSettings, PictureDone, Summary
from p2p_desktop.convert.plan import NothingToConvertError
from p2p_desktop.convert.request import Part, Places, Request, run_request
from p2p_desktop.convert.unfinished import UnfinishedJobs
from tests.convert.fakes import save_picture
from tests.models_for_tests import write_small_model
from training.contract.errors import ModelError
from training.contract.progress import Cancelled, Token


@pytest.fixture
def model(tmp_path):
    return write_small_model(tmp_path / "small.safetensors")


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "journal.sqlite3", tmp_path / "cache", 1 << 28)


def request_of(tmp_path: Path, model: Path, **changes) -> Request:
    parts = (Part((tmp_path / "a",), tmp_path / "a sharp"), Part((tmp_path / "b",), tmp_path / "b sharp"))
    return Request(**({"parts": parts, "model": model, "settings": ConvertSettings(), "device": "cpu"} | changes))


def run(request: Request, places: Places, token: Token | None = None, **options) -> tuple[Summary, list]:
    events: list = []
    return run_request(request, places, report=events.append, token=token or Token(), **options), events


@pytest.mark.parametrize("only", [None, frozenset({Path("/p/x.png")})])
def test_a_request_survives_its_file(tmp_path, only):
    odd = Path(os.fsdecode(b"/photos/caf\xe9 \xff\n.png"))
    request = Request(
        (Part((odd, Path("/b")), tmp_path),),
        tmp_path / "m.safetensors",
        ConvertSettings("png", 80, 0.5, "skip", recurse=False, keep_metadata=False),
        "cpu",
        "torch",
        "image",
        3,
        2,
        only,
    )
    assert Request.from_json(request.to_json()) == request


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', '{"version": 1, "only": null, "parts": 3}'])
def test_a_damaged_or_newer_request_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        Request.from_json(text)


def test_each_part_goes_to_its_own_folder_with_one_model(tmp_path, model, places):
    save_picture(tmp_path / "a" / "x" / "1.png", seed=1)
    save_picture(tmp_path / "b" / "2.png", seed=2)
    prepared = []
    summary, events = run(request_of(tmp_path, model), places, prepare=lambda path, *_: prepared.append(path))
    assert (tmp_path / "a sharp" / "x" / "1.png").is_file()
    assert (tmp_path / "b sharp" / "2.png").is_file()
    assert prepared == [model]
    assert summary.converted == 2
    assert [event for event in events if isinstance(event, Summary)] == [summary]
    assert summary.seconds > 0


def test_nothing_is_prepared_where_nothing_is_left_to_do(tmp_path, model, places):
    save_picture(tmp_path / "a" / "1.png")
    save_picture(tmp_path / "b" / "2.png")
    run(request_of(tmp_path, model), places)
    prepared = []
    summary, _ = run(request_of(tmp_path, model), places, prepare=lambda path, *_: prepared.append(path))
    assert (prepared, summary.skipped) == ([], 2)


def test_an_empty_part_keeps_nobody_else_waiting(tmp_path, model, places):
    (tmp_path / "a").mkdir()
    save_picture(tmp_path / "b" / "2.png")
    summary, _ = run(request_of(tmp_path, model), places)
    assert summary.converted == 1
    with pytest.raises(NothingToConvertError):
        run(request_of(tmp_path, model, parts=(Part((tmp_path / "a",), tmp_path / "out"),)), places)


@pytest.mark.parametrize("together", [False, True])
def test_pictures_of_a_source_that_is_gone_fail_and_the_others_are_converted(tmp_path, model, places, together):
    gone = [tmp_path / "a" / "x" / name for name in ("1.png", "2.png")]
    here, removed = (save_picture(tmp_path / "b" / name) for name in ("3.png", "4.png"))
    removed.unlink()
    parts = (Part((tmp_path / "a", tmp_path / "b"), tmp_path / "out"),) if together else request_of(tmp_path, model).parts
    summary, events = run(request_of(tmp_path, model, parts=parts, only=frozenset([*gone, here, removed])), places)
    rows = {event.source: event for event in events if isinstance(event, PictureDone)}
    assert {path: row.state for path, row in rows.items()} == {
        here: "converted",
        **dict.fromkeys([*gone, removed], "failed"),
    }
    assert rows[gone[0]].reason.startswith(f"{gone[0]} is no longer there.")
    assert (summary.converted, summary.failed) == (1, 3)
    assert isinstance(events[-1], Summary)


def test_pictures_that_are_all_gone_are_rows_before_the_sentence(tmp_path, model, places):
    gone, events = tmp_path / "a" / "1.png", []
    with pytest.raises(NothingToConvertError, match=r"a does not exist\. Was it moved"):
        run_request(request_of(tmp_path, model, only=frozenset([gone])), places, report=events.append, token=Token())
    assert [(event.source, event.state) for event in events] == [(gone, "failed")]


def test_what_is_left_out_for_another_reason_is_not_called_gone(tmp_path, model, places):
    save_picture(tmp_path / "a" / "1.png")
    other = save_picture(tmp_path / "elsewhere" / "2.png")
    summary, _ = run(request_of(tmp_path, model, only=frozenset([tmp_path / "a" / "1.png", other])), places)
    assert (summary.converted, summary.failed) == (1, 0)


def test_a_model_that_is_gone_is_a_sentence(tmp_path, places):
    save_picture(tmp_path / "a" / "1.png")
    with pytest.raises(ModelError):
        run(request_of(tmp_path, tmp_path / "gone.safetensors"), places)


def test_cancelling_in_the_first_part_leaves_the_second_alone(tmp_path, model, places):
    save_picture(tmp_path / "a" / "1.png")
    save_picture(tmp_path / "b" / "2.png")
    token, events = Token(), []

    def report(event):
        events.append(event)
        if isinstance(event, PictureDone):
            token.cancel()

    with pytest.raises(Cancelled):
        run_request(request_of(tmp_path, model), places, report=report, token=token)
    assert not (tmp_path / "b sharp").exists()
    assert isinstance(events[-1], Summary)


def test_a_job_that_ended_is_not_offered(tmp_path, model):
    jobs = UnfinishedJobs(tmp_path / "jobs")
    note = jobs.begin(request_of(tmp_path, model), 3)
    assert jobs.abandoned() == []  # this process lives
    jobs.end(note)
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_job_whose_program_was_killed_is_offered_with_all_it_was(tmp_path, model):
    request = request_of(tmp_path, model, settings=ConvertSettings(strength=0.5))
    code = (
        "import os, signal, sys; from pathlib import Path; from p2p_desktop.convert.request import Request;"
        "from p2p_desktop.convert.unfinished import UnfinishedJobs;"
        "UnfinishedJobs(Path(sys.argv[1])).begin(Request.from_json(sys.argv[2]), 1000); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "jobs"), request.to_json()], check=False)
    jobs = UnfinishedJobs(tmp_path / "jobs")
    (one,) = jobs.abandoned()
    assert (one.request, one.num_pictures) == (request, 1000)
    jobs.end(one.path)
    assert jobs.abandoned() == []


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"owner": "x"}), "\x00" * 100])
def test_a_damaged_note_is_put_away(tmp_path, text):
    (tmp_path / "one.job.json").write_text(text)
    assert UnfinishedJobs(tmp_path).abandoned() == []
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_only_the_offer(tmp_path, model):
    (tmp_path / "file").touch()
    assert UnfinishedJobs(tmp_path / "file" / "jobs").begin(request_of(tmp_path, model), 1) is None
