"""What the system says of a file that it does not give or take, with what one can do about it."""

import errno

_ADVICE = {
    errno.EACCES: "Change its permissions, or copy it elsewhere.",
    errno.EPERM: "Change its permissions, or copy it elsewhere.",
    errno.EIO: "Its disk or card may be damaged: copy what can still be read to another one.",
    errno.ENAMETOOLONG: "Give it a shorter name, or move its folder up.",
    errno.ELOOP: "It is a link that leads to itself: use the picture that was meant.",
    errno.EROFS: "Its disk is write-protected: choose another output folder.",
    errno.EMFILE: "Close other programs, and retry.",
    errno.ENFILE: "Close other programs, and retry.",
}
_OF_DRIVES = {
    value
    for name in ("ENODEV", "ENXIO", "ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENOTCONN")
    if (value := getattr(errno, name, None)) is not None  # not every system knows all of them
}


def unreadable(what: object, error: OSError) -> str:
    """Say that `what`, a file or a folder, cannot be read, why, and what to do."""
    return f"{what} cannot be read: {_said(error)}. {_advice(error)}"


def unwritable(what: object, error: OSError) -> str:
    return f"{what} could not be written: {_said(error)}. {_advice(error)}"


def _said(error: OSError) -> str:
    return (error.strerror or str(error) or type(error).__name__).rstrip(".")


def _advice(error: OSError) -> str:
    if error.errno in _OF_DRIVES:
        return "Connect its drive or its network, and retry."
    return _ADVICE.get(error.errno or 0, "Copy it to another folder, and try that one.")
