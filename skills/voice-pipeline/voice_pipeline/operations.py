"""The operations of voice-pipeline, and the skill they make."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Grant, Skill, operation
from voice_pipeline import listing, panels, rights, shapes, telling
from voice_pipeline.extracting.shapes import Extraction
from voice_pipeline.notes import filing, hearing, incoming, putting, speakers
from voice_pipeline.notes import telling as notes_telling
from voice_pipeline.notes.operations import pending, retry, transcribe


@operation("extract", expose="agent")
def extract(context: Context, request: shapes.ExtractInput) -> Extraction:
    """Take priorities, decisions, tasks with their dates, and changes of plan out of a text, each with its words."""
    from voice_pipeline.extracting.extraction import extract as taken_out  # re2 and the grammars load slowly
    from voice_pipeline.extracting.model import Said

    now = _spoken(context, request)
    # A tool is called by the model itself, which waits half a minute at most: it is not asked in turn.
    asked = request.by_model and context.caller.origin not in ("tool", "mcp")
    host = context.host if asked else None
    return taken_out(Said(request.text, now, request.language), host=host, agent=context.caller.scope.agent)


def _spoken(context: Context, request: shapes.ExtractInput) -> datetime:
    """Return when it was said, on the clock of who said it."""
    at = request.at or context.now()
    if at.tzinfo is None:
        raise InputError(
            "`at` has no offset from UTC", hint=f"Give it as {context.local(context.now()).isoformat()}."
        )
    if not request.timezone:
        return context.local(at)
    try:
        return at.astimezone(ZoneInfo(request.timezone))
    except (KeyError, ValueError, OSError) as error:
        raise InputError(
            f"{request.timezone[:64]!r} is no time zone", hint='Give an IANA name, as "Europe/Berlin".'
        ) from error


@operation("update", expose="agent", effect="write")
def update(context: Context, request: shapes.ExtractInput) -> shapes.Changed:
    """Put what a text says to do on PRIORITIES.md; what a person wrote there stays."""
    rights.check_change(context)
    changed = listing.add(context, extract(context, request))
    return rights.tellable(context, rights.asker(context), changed)


@operation("undo", effect="write")
def undo(context: Context, request: shapes.Nothing) -> shapes.Changed:
    """Take back the last write to PRIORITIES.md; what a person changed since stays."""
    del request
    return listing.take_back(context)


@operation("history")
def history(context: Context, request: shapes.Nothing) -> shapes.Steps:
    """Show the writes to PRIORITIES.md that can be undone, the newest first."""
    del request
    return shapes.Steps(steps=listing.steps(context))


@operation("priorities", expose="agent")
def priorities(context: Context, request: shapes.PrioritiesInput) -> shapes.Listed:
    """Show the first open priorities of PRIORITIES.md, in the person's order."""
    rights.check_show(context)
    return shapes.Listed(priorities=listing.first(context, request.limit))


GRANTS = (
    Grant(
        ("tools", "media", "models"),
        {
            "type": "cli",
            "command": "{python}",
            "args": [
                "{root}/skills/voice-pipeline/hear.py",
                "--path={{AttachmentPath}}",
                "--channel={{Provider}}",
                "--chat={{OriginatingTo}}",
                "--account={{AccountId}}",
                "--thread={{MessageThreadId}}",
                "--sender={{SenderId}}",
                "--chat-type={{ChatType}}",
                "--agent={{AgentId}}",
                "--forwarded={{ForwardedFrom}}",
            ],
            "timeoutSeconds": 300,
            "maxBytes": 512_000_000,
            "capabilities": ["audio"],
        },
        "voice notes become text on this machine, and what they say to do goes on your list",
        append=True,
    ),
    Grant(("tools", "media", "audio", "enabled"), value=True, why="OpenClaw has voice notes transcribed"),
)

skill = Skill(
    name="voice-pipeline",
    title="Voice pipeline",
    summary="Say it and it is on the list: what a text says to do goes to PRIORITIES.md, what a person wrote stays.",
    version="0.1.0",
    operations=(extract, update, undo, history, priorities, transcribe, pending, retry),
    hooks=(
        telling.remind,
        telling.begin,
        telling.compacted,
        speakers.name_speaker,
        notes_telling.mention,
        notes_telling.check_reply,
    ),
    tasks=(hearing.hear, putting.put, notes_telling.say),
    chores=(incoming.look,),
    consumers=(putting.transcribed,),
    panels=(panels.open_priorities,),
    requires=("voice",),
    grants=GRANTS,
    files={"transcript": shapes.TranscriptFile},
    keeps=(listing.FILE.name, filing.TRANSCRIPTS),
)
