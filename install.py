#!/usr/bin/env python3
"""Install, try, test and remove clawcortex. Needs Python >= 3.11 and nothing else.

    python3 install.py                      into your OpenClaw
    python3 install.py demo                 try it without OpenClaw
    python3 install.py test [-- ARGS]       run the tests; ARGS go to pytest
    python3 install.py run -- COMMAND       run a command in the environment
    python3 install.py doctor               look for what is wrong
    python3 install.py uninstall [--purge]  take it out again; memories stay unless --purge

Exit codes: 0 done; 2 not confirmed or bad input; 9 OpenClaw is absent or refused; 10 an installation
stopped half-way (run it again, it goes on from there); 8 the disk is full or read-only; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the very case this line is for
    sys.exit("clawcortex needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "lib"))

from clawcortex.errors import ClawcortexError  # noqa: E402 - after lib/ is on the path
from clawcortex.setup import commands  # noqa: E402
from clawcortex.setup.console import Console  # noqa: E402

COMMANDS = ("install", "demo", "test", "run", "doctor", "uninstall")


def parse(argv: list[str]) -> tuple[str, commands.Options]:
    """Return the command and its options; what follows `--` is handed on as it is."""
    own, rest = (argv[: argv.index("--")], argv[argv.index("--") + 1 :]) if "--" in argv else (argv, [])
    parser = argparse.ArgumentParser(
        prog="install.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="install", metavar="COMMAND")
    parser.add_argument("--yes", action="store_true", help="make the shown changes without asking")
    parser.add_argument("--minimal", action="store_true", help="no torch, no model: recall by words only")
    parser.add_argument("--no-voice", dest="voice", action="store_false", help="leave out speech recognition")
    parser.add_argument(
        "--postgres", action="store_true", help="add PostgreSQL's driver, for a memory that hosts share"
    )
    parser.add_argument(
        "--engine",
        action="append",
        default=[],
        choices=("faster-whisper", "pocketsphinx"),
        help="add an engine of speech recognition beside Whisper",
    )
    parser.add_argument("--purge", action="store_true", help="uninstall: delete the memories too")
    parser.add_argument(
        "--torch-index", default="", metavar="URL", help="a package index that has torch's CPU build"
    )
    chosen = vars(parser.parse_args(own))
    command = chosen.pop("command")
    chosen["engine"] = tuple(chosen["engine"])
    return command, commands.Options(**chosen, rest=tuple(rest))


def main() -> int:
    """Run one command; a failure is one sentence and its next step."""
    command, options = parse(sys.argv[1:])
    console = Console(sys.stderr if command == "run" else None)
    try:
        return int(getattr(commands, command)(ROOT, options, console))
    except ClawcortexError as error:
        console.fail(error.message, error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        console.fail("Interrupted.", "Run the same command again: it goes on from where it stopped.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
