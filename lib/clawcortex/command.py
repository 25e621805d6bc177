"""Run an operation from the command line: flags from skill.json, answer from the server (stdlib only)."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from clawcortex import client, paths
from clawcortex.errors import ClawcortexError, InputError, NotFoundError, ServerDownError

CALLER = "CLAWCORTEX_CALLER"
"""Names who runs the command: OpenClaw's cron jobs set it to "cron"."""

SCALARS = {"string": str, "integer": int, "number": float}


def main(skill: str, argv: Sequence[str] | None = None) -> int:
    """Parse the flags, call the server (starting it when it is down), print the answer."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        manifest = read_manifest(skill)
        chosen = parser(manifest).parse_args(arguments)
        entry = next(item for item in manifest["operations"] if item["name"] == chosen.operation)
        caller = os.environ.get(CALLER) or "cli"
        body = payload(entry["input"], chosen)
        tell = partial(_tell, as_json=as_json) if "progress" in entry else None
        answer = reach(entry["route"], body, timeout=chosen.timeout, caller=caller, tell=tell)
    except ClawcortexError as error:
        complain(error, as_json=as_json)
        return error.exit_code
    show(answer, as_json=as_json)
    return 0


def reach(
    route: str,
    body: Mapping[str, Any] | None,
    *,
    timeout: float = client.DEFAULT_TIMEOUT_S,
    caller: str = "cli",
    tell: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Call the server and start it first when it is down; `tell` gets each line of progress."""
    call = partial(client.call, route, body, timeout, caller)
    if tell is not None:
        call = partial(client.follow, route, body or {}, tell, timeout, caller)
    try:
        return call()
    except ServerDownError:
        client.start()
        return call()


def _tell(progress: Mapping[str, Any], *, as_json: bool) -> None:
    """Show how far it is, on stderr: the answer alone goes to stdout."""
    line = json.dumps(progress, ensure_ascii=False) if as_json else str(progress.get("line", ""))
    sys.stderr.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stderr.flush()


def read_manifest(skill: str) -> dict[str, Any]:
    """Return a skill's skill.json."""
    path = paths.skills_dir() / skill / "skill.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        names = ", ".join(sorted(item.parent.name for item in paths.skills_dir().glob("*/skill.json")))
        raise NotFoundError(f"no skill {skill!r}", hint=f"Skills: {names or 'none'}.") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}", hint="Run `python -m clawcortex generate`.") from error
    return found


def parser(manifest: Mapping[str, Any]) -> argparse.ArgumentParser:
    """Build the command line of a skill from its manifest."""
    name = manifest["name"]
    whole = argparse.ArgumentParser(prog=f"clawcortex {name}", description=manifest["summary"])
    commands = whole.add_subparsers(dest="operation", required=True, metavar="operation")
    for entry in manifest["operations"]:
        dashed = entry["name"].replace("_", "-")
        aliases = [dashed] if dashed != entry["name"] else []
        about = entry["summary"].replace("%", "%%")
        command = commands.add_parser(entry["name"], aliases=aliases, help=about, description=about)
        command.set_defaults(operation=entry["name"])
        command.add_argument("--json", action="store_true", help="print the answer as JSON")
        command.add_argument("--input", metavar="FILE", help="input as JSON from a file, - for stdin")
        seconds = float(entry.get("timeout_s") or client.DEFAULT_TIMEOUT_S)
        command.add_argument("--timeout", type=float, default=seconds, help="seconds to wait")
        for name, schema in entry["input"].get("properties", {}).items():
            command.add_argument(f"--{name.replace('_', '-')}", **_flag(name, schema))
    return whole


def _flag(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    kind = _kind(schema)
    text = str(schema.get("description", "")).replace("%", "%%")
    common: dict[str, Any] = {"dest": f"field.{name}", "default": None, "help": text or None}
    if kind.get("type") == "boolean":
        return common | {"action": argparse.BooleanOptionalAction}
    if kind.get("type") == "array":
        inner = SCALARS.get(str(_kind(kind.get("items", {})).get("type")), _json)
        return common | {"action": "append", "type": inner, "metavar": name.upper()}
    common |= {"type": SCALARS.get(str(kind.get("type")), _json), "metavar": name.upper()}
    return common | ({"choices": kind["enum"], "metavar": None} if "enum" in kind else {})


def _kind(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what an optional field is when it is there."""
    options = [part for part in schema.get("anyOf", ()) if part.get("type") != "null"]
    return options[0] if len(options) == 1 else {} if options else schema


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not JSON: {error}") from error


def payload(schema: Mapping[str, Any], chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the operation's input: the JSON of --input with the flags over it."""
    body: Any = {}
    if chosen.input:
        try:
            raw = sys.stdin.buffer.read() if chosen.input == "-" else Path(chosen.input).read_bytes()
            body = json.loads(raw)
        except (OSError, ValueError) as error:
            raise InputError(f"--input {chosen.input}: {error}") from error
        if not isinstance(body, dict):
            raise InputError(f"--input {chosen.input}: a JSON object is needed, not a {type(body).__name__}")
    given = {name: getattr(chosen, f"field.{name}") for name in schema.get("properties", {})}
    filled: dict[str, Any] = body | {name: value for name, value in given.items() if value is not None}
    return filled


def complain(error: ClawcortexError, *, as_json: bool) -> None:
    """Print an error: one JSON object on stdout, or two lines for a person on stderr."""
    if as_json:
        sys.stdout.write(json.dumps({"error": error.as_dict()}) + "\n")
    else:
        sys.stderr.write(f"error: {error.message}\n  next: {error.hint}\n")


def show(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an answer as JSON or for a person."""
    text = json.dumps(answer, ensure_ascii=False, indent=2) if as_json else "\n".join(readable(answer))
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
    sys.stdout.flush()


def readable(value: object, indent: int = 0) -> list[str]:
    """Return lines for a person: names and values, lists numbered, nothing that is empty."""
    pad = "  " * indent
    if isinstance(value, Mapping):
        lines = []
        for name, part in value.items():
            if isinstance(part, Mapping | list) and part:
                lines += [f"{pad}{name}:", *readable(part, indent + 1)]
            elif part not in (None, "", [], {}):
                lines.append(f"{pad}{name}: {readable(part)[0]}")
        return lines or [f"{pad}(empty)"]
    if isinstance(value, list):
        lines = []
        for number, part in enumerate(value, 1):
            inner = readable(part, indent + 1)
            lines += [f"{pad}{number}. {inner[0].strip()}", *inner[1:]]
        return lines
    if isinstance(value, float):
        return [f"{pad}{value:.3f}".rstrip("0").rstrip(".")]
    return [f"{pad}{value}"]
