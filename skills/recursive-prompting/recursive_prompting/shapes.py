"""What refine takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from clawcortex.skills.context import Progress
from clawcortex.skills.manifest import OWNERS_FIELD
from clawcortex.text.clean import clean

RUBRIC = (
    "does what was asked, all of it",
    "is right, and says nothing that the context does not bear out",
    "is clear, and no longer than it need be",
)
"""What a draft is criticised by when nobody says it better."""
MOST_CHARACTERS = 400_000
Name = Literal["draft", "critique", "refine", "judge"]
Severity = Literal["serious", "minor"]
Outcome = Literal["done", "partial", "failed"]
When = Literal["never", "on_request", "matches"]


def _tidy(text: str) -> str:
    return clean(text) if text.strip() else ""


def _said(text: str) -> str:
    if not text:
        raise ValueError("there is nothing in it")
    return text


Words = Annotated[str, AfterValidator(_tidy), Field(max_length=MOST_CHARACTERS)]


class Shape(BaseModel):
    """Refuse unknown fields, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Check(Shape):
    """Something about the answer that a machine can tell; it outweighs every opinion."""

    kind: Literal["python", "json", "arithmetic", "grounded", "words"] = Field(
        description="python: its code compiles and passes `tests`; json: it is JSON that fits `schema`; arithmetic: "
        "its sums are right; grounded: its links and numbers stand in prompt or context; words: the rest below"
    )
    tests: str = Field(default="", max_length=50_000, description="Asserts, test_* functions or TestCases")
    schema_: dict[str, Any] = Field(default_factory=dict, alias="schema", description="JSON Schema 2020-12")
    contains: tuple[str, ...] = Field(default=(), max_length=50, description="What must stand in it")
    lacks: tuple[str, ...] = Field(default=(), max_length=50, description="What must not")
    least_words: int = Field(default=0, ge=0)
    most_words: int | None = Field(default=None, ge=0)
    lines: int | None = Field(default=None, ge=1, description="How many lines that are not empty")


class RefineInput(Shape):
    """One task, and how far to go with it."""

    prompt: Annotated[Words, AfterValidator(_said)] = Field(
        description="The task, whole: the model sees nothing else of the conversation"
    )
    context: Words = Field(
        default="", description="What the answer rests on: quoted to the model, never obeyed"
    )
    rubric: tuple[Annotated[str, Field(min_length=1, max_length=300)], ...] = Field(
        default=RUBRIC,
        min_length=1,
        max_length=12,
        description="What makes an answer good, one criterion each",
    )
    passes: int = Field(
        default=3, ge=1, le=4, description="1 draft, 2 and critique, 3 and refinement, 4 and a model as judge"
    )
    checks: tuple[Check, ...] | None = Field(
        default=None, max_length=10, description="None given: those that apply; an empty list: none"
    )
    budget: int = Field(default=40_000, ge=500, le=1_000_000, description="Most tokens of all calls together")
    cost: float | None = Field(
        default=None, gt=0, description="Most US dollars, where OpenClaw prices the model"
    )
    deadline: float = Field(default=180.0, ge=1, le=540, description="Seconds for everything")
    agent: str = Field(
        default="",
        description="Whose model; none given: the default agent's",
        json_schema_extra={OWNERS_FIELD: True},
    )


class Issue(Shape):
    """One thing that is wrong with the draft."""

    severity: Severity
    criterion: str = ""
    quote: str = Field(description="As it stands in the draft; empty of a check")
    problem: str
    fix: str = ""


class Checked(Shape):
    """How one check came out."""

    kind: str
    passed: bool | None = Field(description="null: it could not be run")
    detail: str = ""


class Pass(Shape):
    """One pass, as it went."""

    name: Name
    text: str = ""
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    took_s: float = 0.0
    failure: str = ""


class Spent(Shape):
    """What was used."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0


class Step(Progress, Spent):
    """How far a refinement is."""

    step: Name
    state: Literal["began", "ended", "failed"]
    elapsed_ms: int
    text: str = Field(default="", description="Of a draft or a refinement that ended")


class RefineOutput(Spent):
    """The best answer there is, and how it came about."""

    id: str
    answer: str
    chosen: Literal["draft", "refined"]
    why: str
    state: Literal["done", "partial"] = Field(
        description="partial: a pass failed, this is the best until then"
    )
    failure: str = ""
    issues: tuple[Issue, ...] = Field(
        default=(), description="Found in the draft, each with words that stand there"
    )
    checks: tuple[Checked, ...] = Field(default=(), description="Of the answer")
    passes: tuple[Pass, ...] = Field(default=(), description="Each pass, without its text")
    took_s: float
    shown: str = Field(description="The answer as a chat shows it: marked when it is partial")


class Run(Spent):
    """One refinement as it is kept: secrets masked, without its context."""

    version: Literal[1] = 1
    id: str
    at: datetime
    agent: str
    by: str
    prompt: str
    context_length: int
    rubric: tuple[str, ...]
    state: Outcome
    failure: str = ""
    chosen: Literal["draft", "refined", "none"]
    why: str = ""
    issues: tuple[Issue, ...] = ()
    dropped: int = Field(default=0, description="Issues whose quote does not stand in the draft")
    checks: tuple[Checked, ...] = ()
    passes: tuple[Pass, ...] = ()
    took_s: float = 0.0


class HistoryInput(Shape):
    """Which refinements to show."""

    id: str = Field(default="", description="One of them, with the text of every pass")
    agent: str = ""
    limit: int = Field(default=20, ge=1, le=200)


class HistoryOutput(Shape):
    """Refinements, the newest first."""

    count: int
    runs: tuple[Run, ...]


class PruneInput(Shape):
    """What to remove beside what is past its time."""

    id: str = ""
    all: bool = False


class Pruned(Shape):
    """How many refinements went."""

    count: int


class Policy(Shape):
    """When an agent refines."""

    version: Literal[1] = 1
    agent: str
    when: When = "on_request"
    patterns: tuple[str, ...] = ()


class PolicyInput(Shape):
    """What to set; nothing given shows what is set."""

    agent: str = Field(default="", description="None given: the default agent")
    when: When | None = Field(
        default=None,
        description="never; on_request: by /refine and when the agent finds it worth it; "
        "matches: also told to, when a prompt matches a pattern",
    )
    patterns: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] | None = Field(
        default=None, max_length=20, description="RE2 expressions, whatever the case, of prompts"
    )


class Policies(Shape):
    """The policies that are set; an agent without one refines on request."""

    policies: tuple[Policy, ...]
