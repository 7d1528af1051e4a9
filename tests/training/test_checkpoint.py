import os
from pathlib import Path

import pytest
import torch

from training import checkpoint
from training.checkpoint import HeldOutFigures, TrainingState, load_checkpoint, random_state, restore, save_checkpoint
from training.contract.errors import CheckpointError
from training.contract.networks import build_generator
from training.contract.spec import unet
from training.health import Health
from training.run_model import use_threads
from training.world import World


def trained_state(seed=0, step=5):
    """A network after a few steps: moments, running statistics and all."""
    torch.manual_seed(seed)
    network = build_generator(unet(3, 3, levels=2, width=2))
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    for _ in range(2):
        network(torch.randn(2, 3, 8, 8)).square().mean().backward()
        optimizer.step()
    figures = HeldOutFigures(4, "image", {"psnr": 27.0}, {"psnr": 26.0})
    health = Health(d_loss=0.5, l1=3.0, l1_at_best=4.0, since_best=2, said=["stalled"])
    modules, optimizers = {"generator": network}, {"generator": optimizer}
    scalers = {"generator": {"scale": 8.0}}
    return TrainingState(step, 27.0, figures, modules, optimizers, health, rollbacks=1, parts=2, scalers=scalers)


def tensors(state):
    moments = [value for entry in state.optimizers["generator"].state_dict()["state"].values() for value in entry.values()]
    return [*state.modules["generator"].state_dict().values(), *moments]


def test_everything_comes_back(tmp_path):
    saved = trained_state()
    save_checkpoint(tmp_path, saved, "config", "pictures", [random_state()])
    expected = torch.rand(3)  # the next numbers that dropout would have drawn
    restored = trained_state(seed=1, step=0)
    found = load_checkpoint(tmp_path)
    assert restore(restored, found.data, World()) == []
    assert all(torch.equal(a, b) for a, b in zip(tensors(saved), tensors(restored), strict=True))
    assert (restored.step, restored.best, restored.figures) == (saved.step, saved.best, saved.figures)
    assert (found.data["config"], found.data["pictures"], found.warning) == ("config", "pictures", None)
    assert torch.equal(torch.rand(3), expected)


def test_each_process_gets_its_own_random_numbers_back(tmp_path):
    first = random_state()
    torch.rand(5)
    second = random_state()
    expected = torch.rand(3)
    save_checkpoint(tmp_path, trained_state(), "", "", [first, second])
    data = load_checkpoint(tmp_path).data
    assert restore(trained_state(), data, World(1, 2)) == []
    assert torch.equal(torch.rand(3), expected)
    (warning,) = restore(trained_state(), data, World())
    assert warning == "The run used 2 processes before and 1 now."
    data["rng"] = second  # as version 0.1 wrote it
    assert restore(trained_state(), data, World()) == []
    assert torch.equal(torch.rand(3), expected)


def test_the_copy_before_is_kept(tmp_path):
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, trained_state(step=step), "", "", [random_state()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["last.pt", "previous.pt"]
    (tmp_path / "last.pt").unlink()  # as when killed between the two renamings
    found = load_checkpoint(tmp_path)
    assert (found.data["step"], found.warning) == (2, None)


def test_no_checkpoint_is_none(tmp_path):
    assert load_checkpoint(tmp_path / "missing") is None


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-100], lambda data: b"", lambda data: os.urandom(500), lambda data: b"PK\3\4"]
)
def test_a_damaged_copy_is_put_aside_for_the_good_one(tmp_path, damage):
    for step in (1, 2):
        save_checkpoint(tmp_path, trained_state(step=step), "", "", [random_state()])
    last = tmp_path / "last.pt"
    last.write_bytes(damage(last.read_bytes()))
    found = load_checkpoint(tmp_path)
    assert found.data["step"] == 1
    assert "damaged" in found.warning
    save_checkpoint(tmp_path, trained_state(step=3), "", "", [random_state()])
    last.write_bytes(b"")
    assert load_checkpoint(tmp_path).data["step"] == 1  # not lost to the damaged one


def test_every_flipped_byte_of_a_tensor_is_noticed(tmp_path):
    save_checkpoint(tmp_path, trained_state(), "", "", [random_state()])
    path = tmp_path / "last.pt"
    data = path.read_bytes()
    weights = trained_state().modules["generator"].state_dict()["down.1.weight"].numpy().tobytes()
    start = data.index(weights)
    for offset in range(0, len(weights), 37):
        damaged = bytearray(data)
        damaged[start + offset] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match="damaged"):
            load_checkpoint(tmp_path)


def test_a_checkpoint_of_a_later_version_is_not_called_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT_VERSION", 2)
    save_checkpoint(tmp_path, trained_state(), "", "", [random_state()])
    monkeypatch.undo()
    with pytest.raises(CheckpointError, match="newer version"):
        load_checkpoint(tmp_path)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "pwned"),))

    torch.save({"version": 1, "step": Evil()}, tmp_path / "last.pt")
    with pytest.raises(CheckpointError, match="damaged"):
        load_checkpoint(tmp_path)
    assert not (tmp_path / "pwned").exists()


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    save_checkpoint(tmp_path, trained_state(), "", "", [random_state()])
    other = trained_state()
    other.modules["generator"] = build_generator(unet(3, 3, levels=2, width=3))
    with pytest.raises(CheckpointError, match="does not fit"):
        restore(other, load_checkpoint(tmp_path).data, World())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_a_checkpoint_that_a_full_disk_does_not_take_leaves_the_old_ones(tmp_path):
    """The sentence is for a person: torch's own words are of its archive."""
    save_checkpoint(tmp_path, trained_state(step=1), "", "", [random_state()])
    (tmp_path / ".checkpoint.part").symlink_to("/dev/full")
    with pytest.raises(CheckpointError) as caught:
        save_checkpoint(tmp_path, trained_state(step=2), "", "", [random_state()])
    said = str(caught.value)
    assert said.startswith(f"The checkpoint of step 2 could not be written to {tmp_path}: the disk is full (")
    assert said.endswith(" MB are free there). What was saved before is kept. Make room there, then continue the run.")
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]
    assert load_checkpoint(tmp_path).data["step"] == 1


def test_other_surroundings_are_warned_of(tmp_path):
    save_checkpoint(tmp_path, trained_state(), "", "", [random_state()])
    data = load_checkpoint(tmp_path).data
    data["threads"] += 1
    data["versions"] |= {"torch": "1.0", "processor": "abacus"}
    threads, versions = restore(trained_state(), data, World())
    assert f"used {data['threads']} threads before and {data['threads'] - 1} now" in threads
    assert "torch 1.0 -> " in versions
    assert "processor abacus -> " in versions


@pytest.mark.parametrize(
    ("wanted", "before", "cores", "used"),
    [(0, 3, 4, 3), (0, 4, 4, 4), (0, 5, 4, None), (0, None, 4, None), (2, 3, 4, 2), (2, None, 1, 2)],
)
def test_a_run_keeps_its_threads_where_the_computer_has_as_many_cores(monkeypatch, wanted, before, cores, used):
    chosen = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    use_threads(wanted, before)
    assert chosen == ([] if used is None else [used])
