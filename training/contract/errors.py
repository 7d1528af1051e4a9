"""What can go wrong, as sentences for a person: what happened, to which file, what to do."""

from collections.abc import Iterable


class P2PError(Exception):
    """The root of every error that this program explains to its user.

    `str(error)` is one complete sentence. The technical cause, where there is one, follows as `__cause__`.
    """


class ConfigError(P2PError):
    """A setting is missing, of the wrong type or out of its range."""


class PairingError(P2PError):
    """Pictures could not be matched into training pairs."""


class PictureError(P2PError):
    """A file is no readable picture, or a picture could not be written."""


class CheckpointError(P2PError):
    """A training run's saved state is damaged, or belongs to something else."""


class ModelError(P2PError):
    """A model file is damaged, unsafe, too new or no model at all."""


def raise_all(problems: Iterable[str]) -> None:
    """Raises ConfigError with all the sentences, each once, if there is any: whoever corrects one need not wait for the next."""
    sentences = " ".join(dict.fromkeys(problems))
    if sentences:
        raise ConfigError(sentences)
