"""What goes into the installer, by name, and what the steps after the freezing read of it."""

from pathlib import Path

import pytest

from resources.installer.build import BuildError
from resources.installer.contents import Content, is_only_linked, is_wanted, never_shipped, read_contents, write_contents

QT = "PySide6/Qt/"


@pytest.mark.parametrize(
    "path",
    [
        "torch/lib/libtorch_cpu.so",
        "torch/__init__.py",
        "torch/bin/torch_shm_manager",
        "torch/testing/_internal/distributed/fake_pg.py",
        "openvino/libs/libopenvino.so.2641",
        "openvino/libs/libopenvino_intel_cpu_plugin.so",
        "openvino/libs/libopenvino_onnx_frontend.so.2641",
        "openvino/libs/libtbb.so.12",
        "openvino/libs/libtbbbind_2_5.so.3",
        "openvino/libs/libhwloc.so.15",
        "openvino/libs/openvino_intel_cpu_plugin.dll",
        "openvino/libs/tbb12.dll",
        f"{QT}plugins/platforms/libqxcb.so",
        f"{QT}plugins/platforms/libqwayland.so",
        f"{QT}plugins/platforms/libqoffscreen.so",
        "PySide6/plugins/platforms/qwindows.dll",
        f"{QT}lib/libQt6Widgets.so.6",
        "PySide6/Qt6Widgets.dll",
        "PySide6/QtWidgets.abi3.so",
        f"{QT}lib/libicudata.so.73",
        "qtawesome/fonts/phosphor-1.3.0.ttf",
        "libxcb-cursor.so.0",
        "libxcb-render-util.so.0",
        "libxkbcommon-x11.so.0",
        "libssl.so.3",
        "cv2/cv2.abi3.so",
    ],
)
def test_what_the_program_loads_comes_along(path):
    assert is_wanted(path)


@pytest.mark.parametrize(
    "path",
    [
        "torch/include/ATen/ATen.h",
        "torch/bin/protoc",
        "torch/testing/_internal/common_utils.py",
        "torch/testing/_internal/opinfo/core.py",
        "torch/lib/libtorchbind_test.so",
        "openvino/libs/libopenvino_intel_gpu_plugin.so",
        "openvino/libs/libopenvino_intel_npu_plugin.so",
        "openvino/libs/libopenvino_tensorflow_frontend.so.2641",
        "openvino/libs/openvino_intel_npu_plugin.dll",
        f"{QT}plugins/platforminputcontexts/libqtvirtualkeyboardplugin.so",
        f"{QT}plugins/wayland-graphics-integration-server/libqt-wayland-compositor-wayland-egl.so",
        f"{QT}lib/libQt6WaylandCompositor.so.6",
        f"{QT}lib/libQt6Quick.so.6",
        "PySide6/QtQuick.abi3.so",
        "PySide6/Qt6Quick.dll",
        f"{QT}qml/QtQuick/qmldir",
        f"{QT}translations/qtbase_de.qm",
        "qtawesome/fonts/codicon-0.0.36.ttf",
        "numpy/__init__.pyi",
        "libX11.so.6",
        "libxcb.so.1",
        "libxcb-render.so.0",
        "libglib-2.0.so.0",
        "libgtk-3.so.0",
        "libstdc++.so.6",
    ],
)
def test_what_it_never_loads_and_what_a_desktop_has_stays_out(path):
    assert not is_wanted(path)


def test_other_systems_bring_their_libraries_along():
    assert is_wanted("libstdc++.so.6", bundles_system=True)
    assert not is_wanted("openvino/libs/openvino_intel_gpu_plugin.dll", bundles_system=True)


def test_what_speaks_to_strangers_or_is_gpl_only_stops_a_build():
    inside = ["PySide6/Qt/lib/libQt6Core.so.6", "openvino/libs/libopenvino.so.2641", "torch/lib/libtorch_cpu.so"]
    never = ["PySide6/Qt/lib/libQt6VirtualKeyboard.so.6", "PySide6/Qt/plugins/x/libqtvirtualkeyboardplugin.so"]

    assert never_shipped(inside) == []
    assert never_shipped([*inside, *never, "openvino_telemetry/main.pyc"]) == sorted([*never, "openvino_telemetry/main.pyc"])


def test_the_list_survives_the_trip(tmp_path):
    files = [Content(Path("_internal/a b/ü.so"), Path("/usr/lib/ü.so"))]
    write_contents(tmp_path / "contents.json", files, "1.2.3")
    assert read_contents(tmp_path / "contents.json", "1.2.3") == files


def test_what_was_frozen_of_another_version_or_is_no_list_is_not_used_again(tmp_path):
    write_contents(tmp_path / "contents.json", [], "1.2.3")
    with pytest.raises(BuildError, match=r"frozen is version 1\.2\.3, and this is 1\.2\.4"):
        read_contents(tmp_path / "contents.json", "1.2.4")
    (tmp_path / "contents.json").write_text("[]")
    for file in ("contents.json", "missing.json"):
        with pytest.raises(BuildError, match="nothing to use again"):
            read_contents(tmp_path / file, "1.2.3")


def test_libraries_of_the_system_are_told_from_those_of_packages():
    assert is_only_linked(Path("/lib/x86_64-linux-gnu/libz.so.1"))
    assert is_only_linked(Path("/usr/lib/libz.so.1"))
    assert is_only_linked(Path("/home/somebody/venv/lib/python3.11/site-packages/pillow.libs/libavif.so.16"))
    assert not is_only_linked(Path("/home/somebody/venv/lib/python3.11/site-packages/numpy.libs/libz.so.1"))
