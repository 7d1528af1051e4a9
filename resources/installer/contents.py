"""What goes into the installer: read from the freezer's list, without what the program never loads."""

import json
import re
from collections.abc import Iterable
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from resources.installer.build import BuildError

UNUSED_MODULES = (
    "IPython",
    # pi-heif imports PIL, to be a plugin of it; nothing is read or written with it
    "PIL._avif",
    "PIL._imagingcms",
    "PIL._imagingft",
    "PIL._imagingmath",
    "PIL._imagingmorph",
    "PIL._imagingtk",
    "PIL._webp",
    "PIL.ImageQt",
    "PIL.ImageTk",
    "_pytest",
    "hypothesis",
    "jinja2",  # of torch's compiler
    "lightning_utilities.install",
    "matplotlib",
    "mypy",
    "networkx",  # of torch's compiler
    "openvino_telemetry",  # openvino works without it
    "onnxruntime",  # of tests; exported files are compared in OpenVINO and torch
    "pandas",
    "py",  # of pytest
    "pyqtgraph",
    "pytest",
    "readline",
    "scipy",
    "setuptools",
    "tensorboard",
    "tkinter",
    "torch.utils.tensorboard",
    "triton",  # a compiler
    "zstandard",
)
"""Modules that something imports if they are there, and that nothing here needs."""

QT_PLUGINS = {
    "iconengines": ("qsvgicon",),
    "imageformats": ("qico", "qicns", "qjpeg", "qsvg", "qwebp", "qgif"),
    "platforminputcontexts": ("composeplatforminputcontextplugin", "ibusplatforminputcontextplugin"),
    "platforms": ("qxcb", "qwayland", "qoffscreen", "qwindows", "qcocoa"),
    "platformthemes": ("qgtk3", "qxdgdesktopportal"),
    "styles": ("qmodernwindowsstyle", "qmacstyle"),
    "wayland-decoration-client": ("bradient", "adwaita"),
    "wayland-graphics-integration-client": ("qt-plugin-wayland-egl", "dmabuf-server", "shm-emulation-server"),
    "wayland-shell-integration": ("xdg-shell", "wl-shell-plugin", "fullscreen-shell-v1", "qt-shell"),
    "xcbglintegrations": ("qxcb-egl-integration", "qxcb-glx-integration"),
}
"""Qt's plugins that come along, by folder. The virtual keyboard is GPL only, and so is the compositor of Wayland."""

QT_LIBRARIES = ("Core", "DBus", "Gui", "Network", "OpenGL", "Svg", "WaylandClient", "WlShellIntegration", "Widgets", "XcbQpa")
"""Qt's libraries that come along: those of the window, and those that its plugins above need."""

OPENVINO_LIBRARIES = (
    "openvino",
    "openvino_intel_cpu_plugin",
    "openvino_arm_cpu_plugin",
    "openvino_ir_frontend",
    "openvino_onnx_frontend",  # what was exported is read again, and compared
    "openvino_pytorch_frontend",
    "hwloc",
    "tbb",
)
"""The library, its only plugin in use (it has two names), readers of networks, and threads."""

_DROPPED = (
    r"openvino/frontend/(paddle|tensorflow|jax)/.*\.(so|pyd)$",
    # torch: what compiles, tests and links other programs
    r"torch/(include|share|test|testing|lib/cmake|_inductor|_dynamo|distributed/pipelining)/.*\.(h|hpp|cuh|cpp|cmake|a|lib)$",
    r"torch/bin/(?!torch_shm_manager)",
    r"torch/_inductor/(codegen|fx_passes|kernel|template_heuristics)/",
    r"pydantic/v1/|mpmath/tests/",
    r"torch/lib/lib(torchbind_test|jitbackend_test|backend_with_compiler|aoti_custom_ops)\.",
    r"torch/testing/_internal/(?!(__init__|common_dtype|logging_tensor|distributed/__init__|distributed/fake_pg)\.)",
    # Qt: no QML, no translations of dialogs that are never shown, no TLS, no SQL
    r"PySide6/(Qt/)?(qml|translations|resources|libexec|metatypes)/",
    r"PySide6/opengl32sw\.dll$",  # draws 3D without a graphics card
    r"PySide6/(glue|include|typesystems|scripts|support/.*\.pyi$)",
    # fonts of the icon package, but for the one in use
    r"qtawesome/fonts/(?!phosphor)",
    # tests and headers of packages, and what editors read
    r"\.(pyi|pxd|h|hpp|c|cc|cpp)$",
    r"(^|/)(tests|testing)/(data|fixtures)/",
    r"pip($|/|-)",
)
_SYSTEM_LIBRARIES = (
    # The desktop's own, each of which talks to a daemon, a driver or a theme of the computer it runs on.
    r"lib(X11|X11-xcb|Xau|Xdmcp|Xext|Xrender|Xi|Xfixes|Xcursor|Xcomposite|Xdamage|Xrandr|Xinerama|xcb|xcb-(dri.|glx|shm|render|"
    r"randr|shape|sync|xfixes|xkb|present|xinput))\.so",
    r"lib(wayland-[a-z]+|dbus-1|systemd|udev|selinux|apparmor|cap|mount|blkid|drm|gbm|EGL|GL|GLX|GLdispatch|OpenGL|epoxy)\.so",
    r"lib(g(lib|object|io|module|thread)-2\.0|gtk-3|gdk-3|gdk_pixbuf-2\.0|pango[a-z]*-1\.0|cairo(-gobject)?|atk(-bridge)?-[0-9.]+|"
    r"atspi|harfbuzz|fribidi|graphite2|thai|datrie|pixman-1|pcre2?-[0-9]+|cloudproviders|fontconfig|freetype|png16|expat)"
    r"\.so",
    # Drivers of graphics cards bring newer needs than a library of ours would meet.
    r"lib(stdc\+\+|gcc_s)\.so",
    # Of the theme of GTK, which is loaded where GTK is.
    r"lib(pangoft2-1\.0|jpeg)\.so",
)

_NEVER = (
    r"openvino_telemetry",  # speaks to strangers
    r"PySide6/.*(VirtualKeyboard|WaylandCompositor|Charts|DataVisualization|Graphs|Lottie|NetworkAuth|Quick3D|ShaderTools|HttpServer)",
    r"lib(x264|x265|fftw3|readline)[.-]",  # GPL
)
"""What may not be passed on in a program under the Apache License, whatever asks for it."""

_dropped = re.compile("|".join(_DROPPED))
_system = re.compile("^(" + "|".join(_SYSTEM_LIBRARIES) + ")")
_qt_plugin = re.compile(r"PySide6/(?:Qt/)?plugins/([^/]+)/(?:lib)?([^/]+?)\.(?:so|dll|dylib)")
_qt_library = re.compile(r"PySide6/(?:Qt/lib/)?(?:lib)?Qt6?(\w+?)(?:\.framework/.*|\.so[.0-9]*|\.dll|\.abi3\.so)$")
_openvino_library = re.compile(r"openvino/libs/(?:lib)?(\w+?)(?:bind_2_5|malloc|12)?\.(?:\d+\.)?(?:so|dll|dylib)")


LIBRARY = "_internal"
"""The folder of everything but the executables."""


class Content(NamedTuple):
    """A file of the frozen program."""

    path: Path
    """Relative to its folder."""
    source: Path
    """Where it was taken from."""


def is_wanted(path: str, *, bundles_system: bool = False) -> bool:
    """Whether a file of the frozen program is one that it loads. `path` is relative to its library folder, with slashes.

    `bundles_system`: whether the desktop's own libraries come along, too; on Linux they do not.
    """
    if _dropped.search(path):
        return False
    plugin = _qt_plugin.search(path)
    if plugin:
        return plugin[2] in QT_PLUGINS.get(plugin[1], ())
    library = _qt_library.search(path)
    if library:
        return library[1] in QT_LIBRARIES
    if path.startswith("openvino/libs/"):
        found = _openvino_library.search(path)
        return found is not None and found[1] in OPENVINO_LIBRARIES
    return bundles_system or not _system.match(PurePosixPath(path).name)


def never_shipped(paths: Iterable[str]) -> list[str]:
    """Those of the program's files that must not be there: a build with any of them fails."""
    never = re.compile("|".join(_NEVER), re.IGNORECASE)
    return sorted(path for path in paths if never.search(PurePath(path).as_posix()))


def is_only_linked(source: Path) -> bool:
    """Whether a file is wanted only for as long as another is linked with it (Linux): the system's own, and those of PIL."""
    if source.parent.name == "pillow.libs":
        return True
    return source.is_relative_to("/lib") or source.is_relative_to("/lib64") or source.is_relative_to("/usr/lib")


def write_contents(file: Path, contents: Iterable[Content], version: str) -> None:
    """Keep the list for the steps that come after the freezing, and of which version of the program it is."""
    entries = [{"path": content.path.as_posix(), "source": str(content.source)} for content in contents]
    file.write_text(json.dumps({"version": version, "files": entries}, indent=1), encoding="utf-8")


def read_contents(file: Path, version: str) -> list[Content]:
    """What `write_contents` kept. Raises BuildError where that was of another version, or cannot be read."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = kept["version"]
        contents = [Content(Path(entry["path"]), Path(entry["source"])) for entry in kept["files"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BuildError(f"There is nothing to use again: {file} cannot be read. Leave out --reuse.") from error
    if found != version:
        raise BuildError(f"What was frozen is version {found}, and this is {version}. Leave out --reuse.")
    return contents
