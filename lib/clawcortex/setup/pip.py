"""Run the environment's own pip, show how far it is, and turn its failures into one sentence."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from clawcortex.errors import ClawcortexError, DiskFullError, ReadOnlyError, SetupError
from clawcortex.setup.console import Console

OFFLINE = re.compile(
    r"name resolution|NewConnectionError|Failed to establish|ConnectTimeout|ReadTimeout|timed out"
    r"|Network is unreachable|Connection refused|Connection reset|ProxyError|Max retries exceeded"
    r"|RemoteDisconnected|IncompleteRead|incomplete-download",
    re.IGNORECASE,
)
ABSENT = re.compile(r"No matching distribution found for (\S+)|The user requested \(constraint\) (\S+)")
WHEEL = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>\d[^-\s/]*)-[^\s/]+\.whl")
AGAIN = "run the same command again: what was fetched is kept and it goes on from there."


class Pip:
    """One environment's pip; every line it prints goes to the log."""

    def __init__(self, python: Path, log: Path, console: Console, *, held: Sequence[int] = ()) -> None:
        self.python = python
        self.log = log
        self.console = console
        self.held = tuple(held)
        """Descriptors of the install lock: a pip that outlives a killed install keeps it locked."""
        self._version = ""

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]

    def version(self) -> str:
        """Return pip's version, or nothing where there is no working pip."""
        if not self._version and os.access(self.python, os.X_OK):  # it may link to a Python that is gone
            result = subprocess.run(self._command("--version"), capture_output=True, text=True, check=False)
            found = re.match(r"pip (\S+)", result.stdout)
            self._version = found[1] if found else ""
        return self._version

    def offers(self, requirement: str, *options: str) -> str:
        """Return the address of the file an index would give for a requirement, or nothing."""
        command = self._command(
            "install", "--quiet", "--dry-run", "--no-deps", "--ignore-installed", "--only-binary=:all:",
            "--report=-", *options, requirement,
        )  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=self.held)
        with contextlib.suppress(ValueError, KeyError, IndexError):
            return unquote(str(json.loads(result.stdout)["install"][0]["download_info"]["url"]))
        return ""

    def install(self, title: str, requirements: Sequence[str], *options: str, total: int) -> None:
        """Install, showing a line a package, or one live line where a person watches."""
        raw = tuple(int(part) for part in self.version().split(".")[:2] if part.isdigit()) >= (24, 1)
        arguments = ("install", f"--progress-bar={'raw' if raw else 'off'}", *options, *requirements)
        progress = Progress(self.console, title, total)
        tail: deque[str] = deque(maxlen=200)
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"\n$ pip {' '.join(arguments)}\n")
            with subprocess.Popen(
                self._command(*arguments),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                errors="replace",
                pass_fds=self.held,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            ) as process:
                assert process.stdout is not None  # noqa: S101 - asked for as PIPE right above
                for line in process.stdout:
                    if not line.startswith("Progress "):
                        log.write(line)
                        tail.append(line)
                    progress.read(line)
        if process.returncode:
            raise failure(title, "".join(tail), self.log)
        self._version = ""  # it may have replaced itself
        progress.finish()


class Progress:
    """Follow pip's lines: which package, how much of it."""

    def __init__(self, console: Console, title: str, total: int) -> None:
        self.console = console
        self.title = title
        self.total = total
        self.files: set[str] = set()
        self.current = ""

    def read(self, line: str) -> None:
        """Take one line of pip's output."""
        stripped = line.strip()
        if stripped.startswith("Progress "):
            _, done, _, whole = stripped.split()
            share = f"{int(done) / 1e6:.1f} of {int(whole) / 1e6:.1f} MB" if whole.isdigit() else ""
            self._draw(share)
        elif stripped.startswith(("Downloading ", "Using cached ", "Processing ")):
            found = WHEEL.search(unquote(stripped))
            if found is None or found[0] in self.files or ".whl.metadata" in stripped:
                return
            self.files.add(found[0])
            size = re.search(r"\(([\d.]+ [kMG]?B)\)", stripped)
            self.current = f"{found['name'].replace('_', '-')} {found['version']}"
            if not self.console.live:
                self.console.say(
                    f"    [{len(self.files)}/{self.total}] {self.current}  {size[1] if size else ''}".rstrip()
                )
            self._draw("")
        elif stripped.startswith("Installing collected packages"):
            self.current = f"unpacking {stripped.removeprefix('Installing collected packages: ')}"
            if stripped.count(","):
                self.current = f"unpacking {stripped.count(',') + 1} packages"
            if not self.console.live:
                self.console.say(f"    {self.current}")
            self._draw("")

    def finish(self) -> None:
        """Close the live line."""
        count = len(self.files)
        fetched = f"{count} package{'s' * (count != 1)}" if count else "nothing to fetch"
        self.console.done(f"{self.title}: {fetched}")

    def _draw(self, share: str) -> None:
        width = 24
        filled = min(width, round(width * len(self.files) / max(self.total, 1)))
        bar = "█" * filled + "░" * (width - filled)
        self.console.redraw(f"    {bar} {len(self.files)}/{self.total}  {self.current}  {share}")


def failure(title: str, output: str, log: Path) -> ClawcortexError:
    """Say in one sentence why pip stopped, and what to do next."""
    if "No space left on device" in output:
        return DiskFullError(
            f"The disk is full: {title} could not be written", hint=f"Free some space, then {AGAIN}"
        )
    if "Read-only file system" in output:
        return ReadOnlyError(f"{title} could not be written: the disk is read-only")
    if OFFLINE.search(output):
        return SetupError(
            f"The package index cannot be reached, so {title} is not complete",
            hint=f"Check the network (or your pip settings), then {AGAIN}",
        )
    absent = ABSENT.search(output)
    if absent:
        return SetupError(
            f"The configured package index has no {absent[1] or absent[2]} for this Python and machine",
            hint=f"Check `pip config list`, or use another Python >= 3.11; pip's words are in {log}.",
        )
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    reason = errors[-1] if errors else "pip stopped without a reason"
    return SetupError(f"{title} could not be installed: {reason}", hint=f"Read {log}, then {AGAIN}")
