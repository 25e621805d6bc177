"""Draft, critique, refine: each pass told as it goes, and the best so far kept when one fails."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

from clawcortex.errors import ClawcortexError, DeadlineError, HostError, InputError
from clawcortex.openclaw.host import Host
from clawcortex.openclaw.structured import complete_as
from clawcortex.skills.context import Progress
from clawcortex.text.clean import clean
from recursive_prompting import judging, prompts
from recursive_prompting.checks import schema
from recursive_prompting.checks.checking import applying, run_checks
from recursive_prompting.critique import Critique, borne_out, of_checks
from recursive_prompting.judging import Judgement, Verdict
from recursive_prompting.shapes import Check, Checked, Issue, Name, Pass, RefineInput, Step
from recursive_prompting.spending import Model, SpentError

T = TypeVar("T")
ANSWER_TOKENS, CRITIQUE_TOKENS, JUDGE_TOKENS = 4_000, 1_500, 400
CALL_S, CHECK_S = 120.0, 8.0
LINES = {
    "draft": "✍️ Writing a draft …",
    "critique": "🔍 Looking for what is wrong with it …",
    "judge": "⚖️ Comparing …",
}
FAILURES = (HostError, DeadlineError, SpentError)
"""What ends a refinement early, with the best so far."""


class Work:
    """One refinement on its way."""

    def __init__(
        self,
        request: RefineInput,
        agent: str,
        host: Host,
        model: Model,
        tell: Callable[[Progress], None],
    ) -> None:
        self.request, self.model = request, model
        self._agent, self._host, self._tell = agent, host, tell
        self.passes: list[Pass] = []
        self.draft = self.refined = ""
        self.issues: list[Issue] = []
        self.dropped = 0
        self.checks: tuple[Check, ...] = ()
        self.before: tuple[Checked, ...] = ()
        self.after: tuple[Checked, ...] = ()
        self.verdict = Verdict(better=False, why="")
        self.failure = ""

    @property
    def answer(self) -> str:
        """Return the text that goes out."""
        return self.refined if self.verdict.better else self.draft

    def run(self) -> None:
        """Go as far as it makes sense; raise what kept even the draft from being written."""
        self.draft = self._pass("draft", LINES["draft"], self._drafted)
        self.checks = applying(self.request, self.draft)
        self.before = self._checked(self.draft)
        self.verdict = Verdict(better=False, why="one pass was asked for")
        try:
            if self.request.passes > 1:
                self._improve()
        except FAILURES as error:
            self.failure = f"{self.passes[-1].name}: {error.message}"
            better = self.verdict.better
            self.verdict = Verdict(better, "the best until a pass failed")

    def _improve(self) -> None:
        self._pass("critique", LINES["critique"], self._criticised)
        serious = sum(one.severity == "serious" for one in self.issues)
        if not serious:
            self.verdict = Verdict(better=False, why="nothing serious was found in the draft")
            return
        self.verdict = Verdict(better=False, why="two passes were asked for")
        if self.request.passes == 2:
            return
        line = f"🛠 Mending {serious} serious issue{'s' * (serious > 1)} …"
        self.refined = self._pass("refine", line, self._bettered)
        self.after = self._checked(self.refined)
        self.verdict = judging.weigh(
            self.draft, self.refined, self.issues, self.before, self.after, self.request
        )
        if self.verdict.open and self.request.passes > 3:
            self.verdict = Verdict(better=False, why="no judgement")
            self.verdict = self._pass("judge", LINES["judge"], self._judged)

    def _pass(self, name: Name, line: str, act: Callable[[], T]) -> T:
        """Do one pass; tell when it begins and how it ends, and note what it took."""
        spent, began = self.model.spent, self.model.elapsed
        text = failure = ""
        self._say(name, "began", line)
        try:
            result = act()
            text = result if isinstance(result, str) else ""
        except ClawcortexError as error:
            failure = error.message
            raise
        finally:
            now = self.model.spent
            self.passes.append(
                Pass(
                    name=name,
                    text=text,
                    calls=now.calls - spent.calls,
                    tokens=now.tokens - spent.tokens,
                    cost=now.cost - spent.cost,
                    took_s=round(self.model.elapsed - began, 3),
                    failure=failure,
                )
            )
            ended = f"⚠️ {failure}" if failure else f"✓ {name}, {now.tokens:,} tokens so far"
            self._say(name, "failed" if failure else "ended", ended, text)
        return result

    def _say(self, name: Name, state: str, line: str, text: str = "") -> None:
        spent = self.model.spent.model_dump()
        elapsed = int(self.model.elapsed * 1000)
        step = {"step": name, "state": state, "line": line, "elapsed_ms": elapsed, "text": text}
        self._tell(Step.model_validate(step | spent))

    def _ask(self, name: Name, **more: object) -> str:
        """Return the words that the model answers a pass with."""
        request = self.request
        asked = prompts.render(name, prompt=request.prompt, context=request.context, **more)
        said = self.model.complete(
            asked.system,
            asked.text,
            agent=self._agent,
            max_tokens=ANSWER_TOKENS,
            purpose=f"refine.{name}",
            timeout_s=CALL_S,
        )
        try:
            return clean(said.text).strip()
        except InputError as error:
            raise HostError(f"the model's {name} cannot be used: {error.message}") from error

    def _drafted(self) -> str:
        for check in self.request.checks or ():
            if check.schema_:  # a bad one is told before anything is paid for
                schema.require(check.schema_, self._host, CHECK_S)
        return self._ask("draft")

    def _criticised(self) -> None:
        request = self.request
        asked = prompts.render(
            "critique",
            prompt=request.prompt,
            context=request.context,
            rubric=request.rubric,
            draft=self.draft,
            failed=[one for one in self.before if one.passed is False],
        )
        self.issues = of_checks(self.before)  # these stand whatever the critic says
        said = complete_as(
            self.model,
            Critique,
            asked.system,
            asked.text,
            agent=self._agent,
            purpose="refine.critique",
            max_tokens=CRITIQUE_TOKENS,
            timeout_s=CALL_S,
        )
        found, self.dropped = borne_out(said, self.draft)
        self.issues += found

    def _bettered(self) -> str:
        return self._ask("refine", draft=self.draft, issues=self.issues)

    def _judged(self) -> Verdict:
        request = self.request
        ahead = secrets.randbelow(2) == 0
        first, second = (self.refined, self.draft) if ahead else (self.draft, self.refined)
        asked = prompts.render(
            "judge",
            prompt=request.prompt,
            context=request.context,
            rubric=request.rubric,
            first=first,
            second=second,
        )
        said = complete_as(
            self.model,
            Judgement,
            asked.system,
            asked.text,
            agent=self._agent,
            purpose="refine.judge",
            max_tokens=JUDGE_TOKENS,
            timeout_s=CALL_S,
        )
        return judging.count(said, len(request.rubric), refined="first" if ahead else "second")

    def _checked(self, text: str) -> tuple[Checked, ...]:
        return run_checks(
            self.checks, text, self.request, self._host, seconds=max(1.0, min(CHECK_S, self.model.remaining))
        )


def without_text(passes: Sequence[Pass]) -> tuple[Pass, ...]:
    """Return the passes as a caller gets them: the texts are in the history."""
    return tuple(one.model_copy(update={"text": ""}) for one in passes)
