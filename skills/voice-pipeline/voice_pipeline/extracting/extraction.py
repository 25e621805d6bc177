"""Priorities, decisions, action items and changes of plan in a spoken text: `extract`.

    extract(Said(transcript, now, "en"), host=context.host, agent="main")

With a host the agent's model reads, and what it says is checked against the text; without one, or when it fails,
rules and a small classifier do.
"""

from __future__ import annotations

from dataclasses import replace

from clawcortex.errors import HostError, InputError
from clawcortex.openclaw.host import Host
from voice_pipeline.extracting.model import LONGEST_TEXT_ASKED, Said, ask, checked
from voice_pipeline.extracting.rules import extract_by_rules
from voice_pipeline.extracting.shapes import Extraction
from voice_pipeline.extracting.windows import Window, merged, windows

LONGEST = 1_000_000
"""Characters; a day of speech is half of that."""
OVERLAP = 1_200
"""Characters that two parts of a long text share: a minute of speech."""
MOST_PARTS = 12
"""Questions to a model about one text: five hours of speech."""


def extract(said: Said, *, host: Host | None = None, agent: str = "main") -> Extraction:
    """Return what the text says; raise InputError for a text that is too long or a time without a zone."""
    if len(said.text) > LONGEST:
        raise InputError(f"the text has {len(said.text):,} characters", hint=f"Send at most {LONGEST:,}.")
    if said.now.tzinfo is None:
        raise InputError(
            "the time at which it was said has no time zone", hint="Send it as 2026-05-01T09:00+02:00."
        )
    if host is None or not said.text.strip():
        return extract_by_rules(said.text, said.now)
    parts = windows(said.text, LONGEST_TEXT_ASKED, OVERLAP)
    if len(parts) > MOST_PARTS:
        return _ruled(said, f"read by rules: {len(said.text):,} characters are too many for a model")
    found: list[tuple[Window, Extraction]] = []
    failed = ""
    for number, window in enumerate(parts, 1):
        part = replace(said, text=said.text[window.start : window.end])
        if not failed:
            try:
                found.append((window, _asked(host, part, agent)))
                continue
            except HostError as error:  # the next part would wait as long, for the same
                since = f"from part {number} of {len(parts)} on " if number > 1 else ""
                failed = f"{since}read by rules: {error.message}"
        found.append((window, _ruled(part, failed)))
    return merged(found)


def _asked(host: Host, said: Said, agent: str) -> Extraction:
    """Return what the model says and the text bears out; what the rules say where that is nothing."""
    found, dropped = checked(ask(host, said, agent), said)
    if not dropped:
        return found
    if not any((found.priorities, found.decisions, found.actions, found.shifts)):
        return _ruled(said, "read by rules: no item of the model quoted the text")
    note = f"{dropped} items of the model had no ground and were dropped"
    return found.model_copy(update={"note": note})


def _ruled(said: Said, note: str) -> Extraction:
    return extract_by_rules(said.text, said.now).model_copy(update={"note": note})
