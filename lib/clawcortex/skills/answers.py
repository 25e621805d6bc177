"""What a skill's hook may answer to a person, beside a `Contribution` to a prompt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a message that came in (`before_dispatch`): its sender gets `text`, and no agent hears of it."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Say something in the chat where a button was pressed (`button_pressed`)."""

    text: str
