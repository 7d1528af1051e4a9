"""Graphics cards that are there and are not used: each reason has its words. Cards and drivers are made up, their files real."""

import pytest

from p2p_desktop.inference import graphics
from p2p_desktop.inference.graphics import Graphics, examine_graphics, has_graphics, nvidia_driver, unusable

CARD = "NVIDIA GeForce RTX 3050"
DRIVER_FILE = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC 2024\nGCC version:  gcc 12.2.0\n"
OPEN_DRIVER_FILE = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder@U22)\n"


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A computer without a card, a driver or its tool, as far as this can be told by files."""
    monkeypatch.setattr(graphics, "_DRIVER_FILE", tmp_path / "version")
    monkeypatch.setattr(graphics, "_PCI_DEVICES", tmp_path / "pci")
    monkeypatch.setattr(graphics, "_ASK_DRIVER", (str(tmp_path / "nvidia-smi"),))
    monkeypatch.setattr(graphics, "may_have_cuda", lambda: False)
    monkeypatch.setattr(graphics, "has_apple_graphics", lambda: False)
    return tmp_path


def add_card(folder, vendor, kind):
    device = folder / "pci" / f"0000:{vendor}:{kind}"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")


def test_a_computer_without_a_card_has_nothing_to_tell(bare):
    add_card(bare, "0x8086", "0x030000")  # a display of another maker
    add_card(bare, "0x10de", "0x040300")  # the sound of an NVIDIA card
    assert not has_graphics()
    assert examine_graphics() == Graphics()
    assert nvidia_driver() == ""


def test_a_card_without_a_driver_is_told(bare):
    add_card(bare, "0x10de", "0x030000")
    assert has_graphics()
    found = examine_graphics()
    assert found.reason == "no driver"
    assert "Install NVIDIA's driver, version 580 or newer" in found.remedy


@pytest.mark.parametrize(("text", "version"), [(DRIVER_FILE, "470.256.02"), (OPEN_DRIVER_FILE, "580.65.06"), ("???", "")])
def test_the_driver_is_read_from_its_file(bare, text, version):
    (bare / "version").write_text(text)
    assert nvidia_driver() == version


def test_the_drivers_tool_is_asked_where_there_is_no_file(bare):
    tool = bare / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\necho '{CARD}, 470.256.02'\n")
    tool.chmod(0o755)
    assert nvidia_driver() == "470.256.02"


@pytest.mark.parametrize(
    ("driver", "torch", "cuda", "reason", "message", "remedy"),
    [
        ("470.256.02", "2.9.0", "12.8", "driver too old", f"{CARD}: its driver, 470.256.02, is too old.", "Install version 525"),
        ("570.86.10", "2.13.0", "13.0", "driver too old", "570.86.10, is too old", "Install version 580"),
        ("580.65.06", "2.13.0+cpu", None, "PyTorch without CUDA", "2.13.0+cpu, computes on processors only", "Install PyTorch"),
        ("580.65.06", "2.13.0", "13.0", "driver does not answer", "its driver, 580.65.06, does not answer", "Restart"),
        ("", "2.13.0", "13.0", "driver does not answer", "its driver does not answer", "Restart"),
        ("470.256.02", "9.0", "14.1", "driver too old", "is too old", "Install version 580"),
    ],
)
def test_each_reason_has_its_words(driver, torch, cuda, reason, message, remedy):
    found = unusable(CARD, driver, torch, cuda)
    assert found.reason == reason
    assert message in found.message
    assert found.remedy.startswith(remedy)
    assert found.devices == ()
