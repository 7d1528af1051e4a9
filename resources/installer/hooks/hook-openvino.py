"""OpenVINO finds its plugins and readers beside its library at run time, where PyInstaller cannot see them."""

from PyInstaller.utils.hooks import collect_dynamic_libs

binaries = collect_dynamic_libs("openvino", search_patterns=["*.so*", "*.dll", "*.dylib"])
