"""What goes into and comes out of the operations that let go."""

from __future__ import annotations

from pydantic import Field, JsonValue

from context_retention.shapes import Shape


class EvictInput(Shape):
    """How much may stay; what is left out is as the settings say."""

    rows: int | None = Field(default=None, ge=1, description="Most memories that stay")
    mb: int | None = Field(default=None, ge=1, description="Most megabytes that stay, estimated")
    dry_run: bool = Field(default=False, description="Say what would go, remove nothing")


class Evicted(Shape):
    """What went, or would go, and what is left."""

    count: int
    bytes: int
    by_rule: dict[str, int] = Field(description="How many went by which rule of the settings")
    left: int = Field(description="Memories that stay")
    left_bytes: int
    over_rows: int = Field(description="By how many the rest is over the budget: pinned, it must stay")
    over_bytes: int
    archives: list[str] = Field(description="Files that `import` reads, at most the first hundred")
    dry_run: bool


class ConsolidateInput(Shape):
    """Whether to wait for the night's work."""

    wait_s: float = Field(default=0, ge=0, le=3_600, description="Seconds to wait until it is done")


class Consolidated(Shape):
    """One night's work."""

    night: str = Field(description="Date in your own time zone; the work is done once for it")
    queued: bool = Field(description="False when it was queued or done before")
    done: bool
    steps: dict[str, dict[str, JsonValue]] = Field(description="What each step did")
