"""Priorities, decisions, action items and changes of plan in a spoken text: `extract`.

    extract(Said(transcript, now, "en"), host=context.host, agent="main")

With a host the agent's model reads, and what it says is checked against the text; without one, or when it fails,
rules and a small classifier do.
"""

from __future__ import annotations

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.host import Host
from voice_pipeline.extracting.model import LONGEST_TEXT_ASKED, Said, ask, checked
from voice_pipeline.extracting.rules import extract_by_rules
from voice_pipeline.extracting.shapes import Extraction

LONGEST = 1_000_000
"""Characters; a day of speech is half of that."""


def extract(said: Said, *, host: Host | None = None, agent: str = "main") -> Extraction:
    """Return what the text says; raise InputError for a text that is too long or a time without a zone."""
    if len(said.text) > LONGEST:
        raise InputError(f"the text has {len(said.text):,} characters", hint=f"Send at most {LONGEST:,}.")
    if said.now.tzinfo is None:
        raise InputError(
            "the time at which it was said has no time zone", hint="Send it as 2026-05-01T09:00+02:00."
        )
    note = ""
    if host is not None and said.text.strip():
        if len(said.text) > LONGEST_TEXT_ASKED:
            note = f"read by rules: more than {LONGEST_TEXT_ASKED:,} characters for a model"
        else:
            try:
                found, dropped = checked(ask(host, said, agent), said)
            except HostError as error:
                note = f"read by rules: {error.message}"
            else:
                if not dropped:
                    return found
                if any((found.priorities, found.decisions, found.actions, found.shifts)):
                    return found.model_copy(
                        update={"note": f"{dropped} items of the model had no ground and were dropped"}
                    )
                note = "read by rules: no item of the model quoted the text"
    return extract_by_rules(said.text, said.now).model_copy(update={"note": note})
