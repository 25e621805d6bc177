"""The operations of voice-pipeline, and the skill they make."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from clawcortex.errors import InputError
from clawcortex.skills.context import Context
from clawcortex.skills.operation import Skill, operation
from voice_pipeline.extracting.shapes import Extraction


class ExtractInput(BaseModel):
    """A text as it was said or written, and when."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(description="a transcript, or any text")
    at: datetime | None = Field(
        default=None, description="when it was said, with its offset from UTC; now if left out"
    )
    timezone: str = Field(default="", description="IANA name of the speaker's time zone; yours if left out")
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}$", description="what it is written in, as `en`")
    by_model: bool = Field(
        default=True,
        description="ask the agent's model where there is one; otherwise, and for an agent, by rules, in English",
    )


@operation("extract", expose="agent")
def extract(context: Context, request: ExtractInput) -> Extraction:
    """Take priorities, decisions, tasks with their dates, and changes of plan out of a text, each with its words."""
    from voice_pipeline.extracting.extraction import extract as taken_out  # re2 and the grammars load slowly
    from voice_pipeline.extracting.model import Said

    now = _spoken(context, request)
    # A tool is called by the model itself, which waits half a minute at most: it is not asked in turn.
    asked = request.by_model and context.caller.origin not in ("tool", "mcp")
    host = context.host if asked else None
    return taken_out(Said(request.text, now, request.language), host=host, agent=context.caller.scope.agent)


def _spoken(context: Context, request: ExtractInput) -> datetime:
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


skill = Skill(
    name="voice-pipeline",
    title="Voice pipeline",
    summary="Say it and it is on the list: priorities, decisions and tasks are taken out of what was said.",
    version="0.1.0",
    operations=(extract,),
)
