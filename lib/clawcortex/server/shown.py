"""One message in a chat that is edited as often as the chat bears: always to the newest text, at last to the answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from clawcortex.errors import ClawcortexError, HostError

if TYPE_CHECKING:
    from clawcortex.openclaw.host import Host, Sent
    from clawcortex.openclaw.payloads import CommandContext
    from clawcortex.skills.context import Progress

log = logging.getLogger(__name__)

LONGEST = 3_500
"""Characters of a message that is edited: Telegram takes 4,096, some of them markup. The rest follows in another."""
TRIES = 3
LONGEST_PAUSE_S = 30.0


class Shown:
    """Show progress from a thread of its own, so that a slow chat never holds up the work."""

    def __init__(self, host: Host, place: CommandContext, stands: Callable[[], None]) -> None:
        self._host, self._place, self._stands = host, place, stands
        self._changed = threading.Condition()
        self._newest = self._tried = self._text = ""
        """What was told last, what the chat was asked to show, and what it shows."""
        self._over = False
        self._sent: Sent | None = None
        self._thread = threading.Thread(target=self._follow, name="shown", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def tell(self, progress: Progress) -> None:
        """Show this instead of what is shown, soon."""
        with self._changed:
            self._newest = progress.line
            self._changed.notify_all()

    def end(self, text: str) -> str:
        """Show the answer; return it when there is no message that could show it."""
        self._end()
        if self._sent is None:
            return text
        head, rest = _cut(text)
        for _ in range(TRIES):
            try:
                self._edit(head)
                break
            except HostError as error:
                log.warning("an answer is not shown yet: %s", error.message)
                threading.Event().wait(min(LONGEST_PAUSE_S, error.retry_after_s or 0))
        else:
            rest = text  # the message is gone, or the chat takes no edits
        if rest:
            self._host.message(**self._place.target(), text=rest)
        return ""

    def _end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or self._newest != self._tried)
                if self._over:
                    return
                newest = self._tried = self._newest
            try:
                self._show(newest)
            except ClawcortexError as error:  # the answer is what counts
                log.warning("progress is not shown: %s", error.message)
                if self._sent is None:
                    return

    def _show(self, text: str) -> None:
        if self._sent is None:
            self._sent = self._host.message(**self._place.target(), text=text)
            self._stands()
            self._text = text
        else:
            self._edit(text)

    def _edit(self, text: str) -> None:
        if text == self._text or self._sent is None:
            return
        self._host.edit_message(self._sent, text=text)
        self._text = text


def _cut(text: str) -> tuple[str, str]:
    """Return what one message takes and what is over, cut between lines or words where it can be."""
    if len(text) <= LONGEST:
        return text, ""
    at = max(text.rfind(mark, LONGEST // 2, LONGEST) for mark in ("\n", " "))
    at = at if at > 0 else LONGEST
    return text[:at].rstrip(), text[at:].lstrip()
