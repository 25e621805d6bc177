"""What install.py shows: plain lines for logs, colour and a live line on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TextIO

from clawcortex.errors import InputError

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
REDRAW_S = 0.1  # a terminal line redrawn more often only flickers


class Console:
    """Write to one stream; colours and redrawn lines only where a person watches."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty() and os.environ.get("TERM") != "dumb"
        self.coloured = self.live and "NO_COLOR" not in os.environ
        self._drawn_at = 0.0
        self._open_line = False

    def paint(self, text: str, *styles: str) -> str:
        """Return the text in the given styles, or as it is where colours are off."""
        if not self.coloured or not styles:
            return text
        return f"\x1b[{';'.join(CODES[style] for style in styles)}m{text}\x1b[0m"

    def say(self, text: str = "", *styles: str) -> None:
        """Write one line."""
        if self._open_line:
            self.stream.write("\r\x1b[2K")
            self._open_line = False
        self.stream.write(self.paint(text, *styles) + "\n")
        self.stream.flush()

    def step(self, text: str) -> None:
        """Announce what happens now."""
        self.say(f"{self.paint('==>', 'cyan', 'bold')} {self.paint(text, 'bold')}")

    def done(self, text: str) -> None:
        """Say that a step ended well."""
        self.say(f"  {self.paint('✓', 'green')} {text}")

    def warn(self, text: str) -> None:
        """Say what is missing but does not stop the work."""
        self.say(f"  {self.paint('!', 'yellow')} {text}")

    def fail(self, sentence: str, hint: str) -> None:
        """Say what failed and the next step."""
        self.say(f"{self.paint('✗', 'red', 'bold')} {sentence}")
        self.say(f"  {self.paint('Next:', 'bold')} {hint}")

    def redraw(self, text: str) -> None:
        """Replace the live line; does nothing where nobody watches."""
        now = time.monotonic()
        if not self.live or now - self._drawn_at < REDRAW_S:
            return
        self._drawn_at = now
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r\x1b[2K" + text[:width])
        self.stream.flush()
        self._open_line = True

    def diff(self, text: str) -> None:
        """Show a unified diff, added lines green and removed lines red."""
        for line in text.splitlines():
            head = line[:1]
            style = {"+": ("green",), "-": ("red",), "@": ("cyan",)}.get(head, ())
            self.say("    " + line, *style)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask the person; without a terminal refuse, unless `--yes` was given."""
        if yes:
            return True
        if not (sys.stdin.isatty() and self.stream.isatty()):
            raise InputError(
                "There is no terminal to ask on, so nothing was changed",
                hint="Read the diff above and run the same command with --yes.",
            )
        self.stream.write(f"{question} [y/N] ")
        self.stream.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


def megabytes(amount: float) -> str:
    """Return a size in MB as a person reads it."""
    if amount >= 1_000:
        return f"{amount / 1_000:.1f} GB"
    return f"{amount:.0f} MB" if amount >= 10 else f"{amount:.1f} MB"
