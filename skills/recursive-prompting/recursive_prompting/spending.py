"""The agent's model within a budget of tokens, dollars and time: looked at before each call, and tried again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from clawcortex.errors import DeadlineError, HostError, InputError
from clawcortex.openclaw.host import Completes, Completion
from clawcortex.text.tokens import count_tokens
from recursive_prompting.shapes import Spent

TRIES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
"""A model that is left alone for longer is not waited for: the best so far is there."""
LEAST_ANSWER = 150
"""Tokens; with less left a call would be paid for and cut off."""
LEAST_S = 0.2


class SpentError(InputError):
    """Refuse a call that the budget does not hold."""

    code, status = "budget", 402
    default_hint = "Give it a larger budget, or less context."


class Model:
    """Complete like a host, and keep count."""

    def __init__(
        self,
        host: Completes,
        *,
        budget: int,
        cost: float | None,
        deadline_s: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._host, self._budget, self._most = host, budget, cost
        self._clock, self._pause = clock, pause or threading.Event().wait
        self._began = clock()
        self._until = self._began + deadline_s
        self._deadline = deadline_s
        self.spent = Spent()

    @property
    def elapsed(self) -> float:
        """Return the seconds since it began."""
        return self._clock() - self._began

    @property
    def remaining(self) -> float:
        """Return the seconds that are left, below 0 when they are over."""
        return self._until - self._clock()

    def left(self) -> float:
        """Return the seconds that are left; DeadlineError when there are none."""
        left = self.remaining
        if left < LEAST_S:
            raise DeadlineError(f"the {self._deadline:g} s are over", hint="Give it a later deadline.")
        return left

    def complete(
        self, system: str, prompt: str, *, agent: str, max_tokens: int, purpose: str, timeout_s: float
    ) -> Completion:
        """Ask, up to three times; HostError, DeadlineError or SpentError when that is in vain."""
        asked = count_tokens(system) + count_tokens(prompt)
        for tried in range(1, TRIES + 1):
            room = self._afford(asked)
            seconds = min(timeout_s, self.left())
            self.spent = self.spent.model_copy(update={"calls": self.spent.calls + 1})
            try:
                said = self._host.complete(
                    system,
                    prompt,
                    agent=agent,
                    max_tokens=min(max_tokens, room),
                    purpose=purpose,
                    timeout_s=seconds,
                )
            except HostError as error:
                wait = error.retry_after_s or FIRST_PAUSE_S * 4 ** (tried - 1) * random.uniform(0.5, 1)  # noqa: S311
                if error.lasting or tried == TRIES or wait > min(LONGEST_PAUSE_S, self.left()):
                    raise
                self._pause(wait)
                continue
            self._note(said, asked)
            return said
        raise AssertionError  # the last try returns or raises

    def _afford(self, asked: int) -> int:
        """Return how long the answer may be, or refuse."""
        spent = self.spent
        room = self._budget - spent.tokens - asked
        if room < LEAST_ANSWER:
            raise SpentError(
                f"the budget of {self._budget:,} tokens does not hold this call: {spent.tokens:,} are spent, "
                f"it asks for {asked:,}"
            )
        if self._most is not None:
            price = spent.cost / spent.tokens if spent.tokens else 0.0
            if spent.cost + price * (asked + LEAST_ANSWER) > self._most:
                raise SpentError(f"{spent.cost:.4f} of {self._most:g} dollars are spent: no further call")
        return room

    def _note(self, said: Completion, asked: int) -> None:
        tokens = said.input_tokens + said.output_tokens or asked + count_tokens(said.text)
        spent = self.spent
        self.spent = spent.model_copy(
            update={"tokens": spent.tokens + tokens, "cost": spent.cost + said.cost_usd}
        )
