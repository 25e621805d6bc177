"""Fakes for tests, shipped as real subclasses of what they stand for."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clawcortex.errors import ClawcortexError, HostError
from clawcortex.models.hash import HashEmbedder
from clawcortex.openclaw.confined import Limits, Ran, run
from clawcortex.openclaw.host import Agent, Button, Completion, Host, Node, Sent, Session, check_message
from clawcortex.settings import Settings
from clawcortex.speech.records import Silence, Transcript
from clawcortex.speech.transcriber import Transcriber

__all__ = ["Asked", "FakeHost", "FakeTranscriber", "FrozenClock", "HashEmbedder", "Told", "frozen_clock"]

MOMENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
MAIN = Agent("main", Path("workspace"))


@dataclass(frozen=True, slots=True)
class Asked:
    """One completion as a host was asked for it."""

    system: str
    prompt: str
    agent: str
    max_tokens: int
    purpose: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """One message, or with `edit` a new state of one, as a host was given it."""

    sent: Sent
    text: str
    buttons: tuple[tuple[Button, ...], ...]
    edit: bool = False


Scripted = str | HostError | Callable[[Asked], str]
"""An answer, a failure, or what makes an answer of the request."""


class FakeHost(Host):
    """Answer from a script, in order, and keep what was asked; when the script is over, it has no model.

    host = FakeHost("an answer", HostError("down"), lambda asked: asked.prompt.upper())

    Messages are kept in `told`, in order; each takes the next of `refusals`, where None lets it pass. One that is
    `uncertain` is kept before it is raised: the message was sent all the same.
    """

    def __init__(self, *script: Scripted, agents: Iterable[Agent] = (MAIN,)) -> None:
        self.script: deque[Scripted] = deque(script)
        self.requests: list[Asked] = []
        self.told: list[Told] = []
        self.refusals: deque[HostError | None] = deque()
        self._agents = tuple(agents)
        self.paired: tuple[Node, ...] = ()
        self.running: tuple[Session, ...] = ()

    def nodes(self) -> tuple[Node, ...]:
        """Return `paired`."""
        return self.paired

    def sessions(self) -> tuple[Session, ...]:
        """Return `running`."""
        return self.running

    def agents(self) -> tuple[Agent, ...]:
        """Return the agents it was made with."""
        return self._agents

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Return the script's next answer, or raise its failure."""
        asked = Asked(system, prompt, agent, max_tokens, purpose, timeout_s)
        self.requests.append(asked)
        answer = (
            self.script.popleft()
            if self.script
            else HostError(f"No model configured for agent {agent}.", lasting=True)
        )
        if isinstance(answer, HostError):
            raise answer
        text = answer if isinstance(answer, str) else answer(asked)
        return Completion(text, "fake-1", "fake", len(f"{system} {prompt}".split()), len(text.split()))

    def exec(
        self,
        arguments: Sequence[str],
        *,
        files: Mapping[str, str],
        limits: Limits,
        reads: Sequence[Path] = (),
    ) -> Ran:
        """Run the command as the real host does."""
        return run(arguments, files=files, limits=limits, reads=reads)

    def message(
        self,
        *,
        agent: str,
        channel: str,
        target: str,
        text: str,
        account: str = "",
        thread: str = "",
        buttons: Sequence[Sequence[Button]] = (),
    ) -> Sent:
        """Keep the message, or raise the next refusal; messages are numbered from 1001."""
        if agent not in {one.id for one in self._agents}:
            raise HostError(f"no agent {agent}")
        number = 1001 + sum(not one.edit for one in self.told)
        sent = Sent(agent, channel, target, account, thread, str(number))
        self._tell(Told(sent, text, tuple(map(tuple, buttons))))
        return sent

    def edit_message(self, sent: Sent, *, text: str, buttons: Sequence[Sequence[Button]] = ()) -> None:
        """Keep the edit, or raise the next refusal."""
        self._tell(Told(sent, text, tuple(map(tuple, buttons)), edit=True))

    def _tell(self, told: Told) -> None:
        check_message(told.text, told.buttons)
        refusal = self.refusals.popleft() if self.refusals else None
        if refusal is None or refusal.uncertain:
            self.told.append(told)
        if refusal is not None:
            raise refusal


class FakeTranscriber(Transcriber):
    """Hear what a script says, in order, and keep which files were given; when the script is over, there is silence.

    hears = FakeTranscriber("call the dentist", EngineError("no weights"), lambda path: path.read_bytes().decode())
    """

    def __init__(self, *script: str | ClawcortexError | Callable[[Path], str]) -> None:
        super().__init__(Settings(speech_engine="pocketsphinx"))
        self.script = deque(script)
        self.heard: list[Path] = []

    def transcribe(
        self,
        path: Path,
        *,
        language: str = "",
        engine: str = "",
        progress: Callable[[float, float], None] | None = None,
    ) -> Transcript:
        """Return the script's next words, or raise its next error."""
        del engine
        self.heard.append(path)
        if progress is not None:
            progress(0.5, 1.0)
        said = self.script.popleft() if self.script else ""
        if isinstance(said, ClawcortexError):
            raise said
        text = said if isinstance(said, str) else said(path)
        why: Silence = "" if text else "silence"
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return Transcript(
            text=text,
            language=language,
            engine="pocketsphinx",
            model="fake",
            seconds=1,
            sha256=sha256,
            silence=why,
        )


class FrozenClock:
    """A clock for `Resources.clock` that stands until it is moved."""

    def __init__(self, now: datetime = MOMENT) -> None:
        self.moment = now

    def __call__(self) -> datetime:
        """Return the moment."""
        return self.moment

    def advance(self, **by: float) -> datetime:
        """Move on by what `timedelta` takes (days=1, minutes=5) and return the new moment."""
        self.moment += timedelta(**by)
        return self.moment


def frozen_clock(now: datetime = MOMENT) -> FrozenClock:
    """Return a clock that stands at `now` (default: a fixed moment in 2026)."""
    return FrozenClock(now)
