"""The one version number of trainer, app and installer."""

__version__ = "0.1.0"
