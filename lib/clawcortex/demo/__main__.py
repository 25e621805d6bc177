"""`python -m clawcortex.demo`: a server of its own, a shipped conversation, three questions, one compaction.

Exit code 0 only if the expected memories came back.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from clawcortex import client, paths
from clawcortex.demo.host import SESSION_KEY, Chat, Injected
from clawcortex.demo.sample import Question, Sample, read_sample
from clawcortex.errors import ClawcortexError, DeadlineError
from clawcortex.setup.console import Console

LONGEST_WAIT_S = 120.0
PAUSE_S = 0.05
RESTORED = "before it was compacted"
OVERTAKEN = 20
DEADLINE_MS = "2000"
"""A demo may run on a busy machine; what it took is printed."""


def main(argv: list[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="clawcortex.demo", description="Show recall on a shipped conversation."
    )
    parser.add_argument("--words", action="store_true", help="no embedding model here: recall by words only")
    words = parser.parse_args(argv).words
    console = Console()
    try:
        with own_state(), running_server(console, words=words):
            missing = play(console, read_sample(datetime.now(UTC)), words=words)
    except ClawcortexError as error:
        console.fail(error.message, error.hint)
        return error.exit_code
    console.say()
    if missing:
        console.fail(
            f"{len(missing)} expected memories did not come back: {'; '.join(missing)}", error_hint()
        )
        return 1
    console.say(f"{console.paint('✓', 'green', 'bold')} Everything that was expected came back.", "bold")
    console.say("  Next: `python3 install.py` puts it into your OpenClaw.")
    return 0


def error_hint() -> str:
    """Return what to do when recall disappoints."""
    return "Run `python3 install.py` again; with --minimal, only questions in the same words are answered."


@contextmanager
def own_state() -> Iterator[None]:
    """Use a temporary state folder, with the exported model of the real one."""
    models = paths.models_dir()
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="clawcortex-demo-") as folder:
        os.environ.update(
            OPENCLAW_STATE_DIR=folder,
            CLAWCORTEX_MODELS_DIR=str(models),
            CLAWCORTEX_PYTHON=sys.executable,
            CLAWCORTEX_HOOK_DEADLINE_MS=DEADLINE_MS,
        )
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def running_server(console: Console, *, words: bool) -> Iterator[None]:
    """Run the resident server; it ends with the demo, whatever happens."""
    console.step("Starting the resident server in a temporary folder")
    began = time.perf_counter()
    client.start()
    console.done(
        f"listening after {time.perf_counter() - began:.2f} s" + (", without a model" if words else "")
    )
    try:
        yield
    finally:
        subprocess.run(
            [sys.executable, "-m", "clawcortex", "stop"], check=False, stdout=subprocess.DEVNULL, timeout=60
        )


def play(console: Console, sample: Sample, *, words: bool) -> list[str]:
    """Feed, ask, compact; return what was expected and did not come."""
    with client.Connection() as connection:
        chat = Chat(connection, sample)
        chat.open()
        feed(console, chat, sample)
        if not words:
            wait_until_embedded(console, chat)
        chat.prompt("Good morning")  # the first prompt loads what later ones find loaded
        missing: list[str] = []
        for number, question in enumerate(sample.questions, start=1):
            missing += ask(console, chat, question, f"Question {number}")
        ask(console, chat, Question(sample.unknown, ()), "And one that nothing here answers")
        console.say()
        console.step(f"A compaction of today's conversation ({len(sample.sessions[-1].turns)} messages)")
        chat.compact(len(sample.sessions[-1].turns))
        missing += show_block(console, chat.prompt(sample.compaction.ask), sample.compaction)
        # A prompt never waits for the note that the block was told, so the very next one may overtake it.
        if any(RESTORED not in chat.prompt("Thanks").block for _ in range(OVERTAKEN)):
            console.done("later prompts do not carry it again")
        else:
            missing.append("the block once only")
        return missing


def feed(console: Console, chat: Chat, sample: Sample) -> None:
    """Capture every turn, a new session where the sample has one."""
    console.step(
        f"{len(sample.sessions)} conversations of {sample.person} with her assistant, through `capture`"
    )
    began, stored, running = time.perf_counter(), 0, 0
    for number, session in enumerate(sample.sessions):
        about = "today" if number == len(sample.sessions) - 1 else f"{session.start:%a %d %b}"
        console.say(f"    {about:<11} {session.title} ({len(session.turns)} turns)", "dim")
    for turn in sample.captures(SESSION_KEY):
        number = int(turn["session"].rpartition("#")[2])
        if number != running:
            chat.begin_session()
            running = number
        stored += chat.call("/v1/context-retention/capture", turn)["fresh"]
    spent = (time.perf_counter() - began) * 1000
    console.done(f"{stored} turns stored, {spent / max(stored, 1):.1f} ms each")


def wait_until_embedded(console: Console, chat: Chat) -> None:
    """Wait until every turn has its vector; before that, recall would answer by words only."""
    began, pause = time.monotonic(), threading.Event()
    chat.call(f"/readyz?wait={LONGEST_WAIT_S:.0f}")  # answers once the model is loaded, or says why it is not
    while True:
        status = chat.call("/v1/context-retention/status", {})
        if not status["pending"]:
            break
        if time.monotonic() - began > LONGEST_WAIT_S:
            raise DeadlineError(f"{status['pending']} turns were not embedded within {LONGEST_WAIT_S:.0f} s")
        console.redraw(f"    {status['embedded']} of {status['memories']} turns embedded")
        pause.wait(PAUSE_S)
    console.done(
        f"all {status['memories']} embedded by {status['model']} after {time.monotonic() - began:.1f} s"
    )


def ask(console: Console, chat: Chat, question: Question, title: str) -> list[str]:
    """Ask one question; show what would be injected; return what is missing."""
    injected = chat.prompt(question.ask)
    hits = chat.call("/v1/context-retention/recall", {"query": question.ask, "top_k": 50})["hits"]
    scores = {hit["text"]: hit for hit in hits}
    console.say()
    console.say(f"{console.paint(title, 'cyan', 'bold')}  {console.paint(question.ask, 'bold')}")
    console.say(
        f"    injected in {injected.milliseconds:.1f} ms:" if injected.block else "    nothing injected"
    )
    for source, text in injected.items():
        hit = scores.get(text)
        score = f"{hit['score']:.2f}" if hit else "  · "
        where = f"{source} · {hit['source_ref']}" if hit else source
        lines = textwrap.wrap(text, 84)
        console.say(f"    {console.paint(score, 'green')}  {lines[0]}")
        for line in lines[1:]:
            console.say(f"          {line}")
        console.say(f"          {where}", "dim")
    return judge(console, injected, question)


def judge(console: Console, injected: Injected, question: Question) -> list[str]:
    """Compare with what was expected; the outdated must not come before the current."""
    texts = [text for _, text in injected.items()]
    missing = [wanted for wanted in question.expect if not any(wanted in text for text in texts)]
    for wanted in missing:
        console.warn(f"expected, but not there: {wanted!r}")
    places = [place for place, text in enumerate(texts) if any(wanted in text for wanted in question.expect)]
    before = texts[: places[0]] if places else []
    if question.outdated and any(question.outdated in text for text in before):
        missing.append(f"{question.expect[0]!r} before what it replaced")
    return missing


def show_block(console: Console, injected: Injected, question: Question) -> list[str]:
    """Print the restored block as the model receives it."""
    console.say(f"    {console.paint(question.ask, 'bold')}")
    console.say(f"    restored in {injected.milliseconds:.1f} ms, {len(injected.items())} memories:")
    for line in injected.block.splitlines():
        for part in textwrap.wrap(line, 92, subsequent_indent="  ") or [""]:
            console.say(f"    {console.paint('│', 'cyan')} {part}")
    return judge(console, injected, question)


if __name__ == "__main__":
    sys.exit(main())
