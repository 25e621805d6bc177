#!/usr/bin/env python3
"""What OpenClaw runs for a voice note (`tools.media.models`): it prints what was said; needs nothing but Python.

Exit codes: 0 with the words, or a sentence that nothing was heard; 7 busy, not yet, or no server; 1 not a recording.
On any but 0 OpenClaw goes on to its next model, and the note, once taken, is heard later.
"""

import base64
import os
import sys
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent
sys.path.insert(0, str(HOME.parents[1] / "lib"))

from clawcortex import client  # noqa: E402 - found through the line above
from clawcortex.errors import ClawcortexError, InputError, ServerDownError  # noqa: E402

ROUTE = "/v1/voice-pipeline/transcribe"
BYTES = 8_000_000
"""Smaller recordings are sent, larger ones named: the server reads those itself, from folders it knows."""
WAIT_S, LONGER_S = 280.0, 10.0
"""How long to wait; OpenClaw ends this after 300 s."""
PATIENCE_S = 20.0
"""A server that is down is started again by the gateway within seconds."""
NOT_YET = 7
NAMES = ("channel", "chat", "account", "thread", "sender", "chat_type", "agent")


def main(arguments: list[str]) -> int:
    """Ask the server and print what was said."""
    given = dict(
        part.removeprefix("--").split("=", 1) for part in arguments if part.startswith("--") and "=" in part
    )
    try:
        answer = ask(payload(given))
    except ClawcortexError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    if answer["state"] == "heard":
        sys.stdout.buffer.write(str(answer["say"]).encode() + b"\n")
        return 0
    sys.stderr.write(f"{answer['reason']}\n{answer['hint']}\n")
    return 1 if answer["state"] == "failed" else NOT_YET


def ask(body: dict[str, object]) -> dict[str, object]:
    """Call the server, as soon as there is one."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return client.call(ROUTE, body, WAIT_S + LONGER_S)
        except ServerDownError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def payload(given: dict[str, str]) -> dict[str, object]:
    """Return the operation's input: the recording, and what OpenClaw says of who sent it."""
    path = given.get("path", "")
    if not path:
        raise InputError("no --path", hint="OpenClaw's configuration names it as --path={{AttachmentPath}}.")
    known: dict[str, object] = {name: given.get(name.replace("_", "-"), "") for name in NAMES}
    known |= {"forwarded": bool(given.get("forwarded")), "wait_s": WAIT_S, "name": os.path.basename(path)}  # noqa: PTH119 - stdlib start-up time
    try:
        if os.stat(path).st_size > BYTES:  # noqa: PTH116
            return known | {"path": os.path.abspath(path)}  # noqa: PTH100
        with open(path, "rb") as file:  # noqa: PTH123
            return known | {"audio": base64.b64encode(file.read()).decode()}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="Look at the file.") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
