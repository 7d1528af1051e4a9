"""What was found on a computer: one sentence a subject, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str  # for machines: does not change between versions
    state: State
    title: str
    message: str = ""
    remedy: str = ""  # what to do about it
