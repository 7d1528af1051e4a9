"""New runs get folders of their own, named after their models."""

import pytest

from p2p_desktop.runs.new_run import create_named_run
from p2p_desktop.runs.run_folder import TrainerError, find_run
from tests.training.runs import tiny_config


def test_a_name_that_is_taken_gets_a_number(tmp_path):
    config = tiny_config(tmp_path / "photos")
    made = [create_named_run(config, tmp_path / "runs", "Mine") for _ in range(3)]
    assert [run.name for run in made] == ["Mine", "Mine-2", "Mine-3"]
    assert all(find_run(run).is_file() for run in made)


@pytest.mark.parametrize(("name", "folder"), [("a/b: c?", "a-b- c-"), ("..", "model"), ("NUL", "model NUL"), ("", "model")])
def test_any_name_becomes_one_that_every_system_takes(tmp_path, name, folder):
    run = create_named_run(tiny_config(tmp_path), tmp_path / "runs", name)
    assert run == tmp_path / "runs" / folder


def test_a_file_in_the_way_is_said_so(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(TrainerError, match="is a file"):
        create_named_run(tiny_config(tmp_path), tmp_path / "runs", "Mine")


def test_half_a_request_leaves_nothing(tmp_path, monkeypatch):
    def refuse(*_) -> None:
        raise TrainerError("There is no space left.")

    monkeypatch.setattr("p2p_desktop.runs.new_run.create_run", refuse)
    with pytest.raises(TrainerError, match="no space"):
        create_named_run(tiny_config(tmp_path), tmp_path / "runs", "Mine")
    assert list((tmp_path / "runs").iterdir()) == []
