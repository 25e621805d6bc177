"""The command line: `clawcortex <skill> <operation> --flags`, and the server's start, stop and state."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict
from typing import Any

from clawcortex import __version__, client, paths
from clawcortex.command import complain, show
from clawcortex.errors import ClawcortexError, ConflictError, CorruptedError, ServerDownError

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and (paths.skills_dir() / arguments[0] / "skill.json").exists():
        return client.main(arguments[0], arguments[1:])
    chosen = parser().parse_args(arguments)
    command: Command = chosen.command
    try:
        return command(chosen)
    except ClawcortexError as error:
        complain(error, as_json=chosen.json)
        return error.exit_code


def parser() -> argparse.ArgumentParser:
    """Return the command line of everything that is not a skill."""
    skills = ", ".join(sorted(path.parent.name for path in paths.skills_dir().glob("*/skill.json")))
    whole = argparse.ArgumentParser(
        prog="clawcortex",
        description="A memory that lasts for OpenClaw assistants.",
        epilog=f"Skills: {skills}.",
    )
    whole.add_argument("--version", action="version", version=f"clawcortex {__version__}")
    commands = whole.add_subparsers(dest="name", required=True, metavar="command or skill")

    def add(name: str, command: Command, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.add_argument("--json", action="store_true", help="print JSON")
        made.set_defaults(command=command)
        return made

    add("start", _start, "Start the resident server, or adopt the one that runs.")
    add("stop", _stop, "Let the resident server finish and end.")
    add("status", _status, "Say whether the server runs and what is not ready.")
    serve = add("serve", _serve, "Be the resident server, in the foreground.")
    serve.add_argument("--parent", choices=["stdin"], help="end when stdin is closed")
    generate = add(
        "generate", _generate, "Write skill.json, schemas/, SKILLS.md and the plugin's generated parts."
    )
    generate.add_argument(
        "--check", action="store_true", help="only list the files that differ; exit 1 if any does"
    )
    mcp = add("mcp", _mcp, "Serve the agents' operations as MCP tools over stdio.")
    mcp.add_argument(
        "--owner", action="store_true", help="the client is the owner's own: it may see every memory"
    )
    store = add("store", _store, "Move the memory to another store, as from SQLite to PostgreSQL.")
    store.add_argument("action", choices=["migrate"], help="copy everything, resume, verify")
    store.add_argument(
        "--from", dest="source", required=True, metavar="URL", help="sqlite:… or postgresql://…"
    )
    store.add_argument("--to", dest="target", required=True, metavar="URL", help="an empty store")
    audit = add("audit", _audit, "Check or print the trail of who changed what.")
    audit.add_argument("action", choices=["verify", "export"], help="every seal, or every line as JSON")
    audit.add_argument("--head", default="", help="a head that `verify` printed before: must still be there")
    service = add("service", _service, "Let systemd or launchd run the server, instead of the gateway.")
    service.add_argument(
        "action", choices=["install", "remove", "show"], help="show prints what install writes"
    )
    jobs = add("jobs", _jobs, "Show what waits, what runs, and what was given up and why.")
    jobs.add_argument("--all", action="store_true", help="also what is done")
    backup = add("backup", _backup, "Take a backup, list them, or verify one by restoring it.")
    backup.add_argument("action", nargs="?", default="now", choices=["now", "list", "verify"])
    backup.add_argument("--id", default="", help="verify this one instead of the newest")
    restore = add(
        "restore", _restore, "Put a backup in the place of the state; what was there is moved aside."
    )
    restore.add_argument("--at", default="latest", metavar="TIME", help='"latest", or as 2026-11-23T14:05')
    restore.add_argument("--into", default="", metavar="FOLDER", help="only unpack it there")
    for one in (backup, restore):
        one.add_argument("--from", dest="shelves", default="", metavar="FOLDER", help="the folder of backups")
        one.add_argument("--key", default="", metavar="FILE", help="the key file, where settings name none")
    add("page", _page, "Print a link that opens the status page in a browser, once.")
    add("doctor", _doctor, "Check everything and say what to do about what is wrong.")
    return whole


def _start(chosen: argparse.Namespace) -> int:
    show(client.start(), as_json=chosen.json)
    return 0


def _stop(chosen: argparse.Namespace) -> int:
    try:
        with client.Connection() as connection:
            said = client.answer("/v1/shutdown", *connection.request("/v1/shutdown", {}))
    except ServerDownError:
        show({"state": "not running"}, as_json=chosen.json)
        return 0
    from clawcortex.server.lifecycle import START_S, Lock

    lock = Lock("server")
    if not lock.wait(START_S):
        raise ServerDownError(f"the server is still draining (pid {said['pid']})", hint="Look at its log.")
    lock.release()
    show({"state": "stopped", "pid": said["pid"]}, as_json=chosen.json)
    return 0


def _status(chosen: argparse.Namespace) -> int:
    with client.Connection() as connection:
        status, body = connection.request("/readyz", None)
    found: dict[str, Any] = json.loads(body)
    show(found, as_json=chosen.json)
    return 0 if status == 200 else ServerDownError.exit_code


def _serve(chosen: argparse.Namespace) -> int:
    from clawcortex.server.serving import serve

    return serve(parent_stdin=chosen.parent == "stdin")


def _generate(chosen: argparse.Namespace) -> int:
    from clawcortex.skills.rendering import generate

    differing = [str(path) for path in generate(paths.repo_root(), check=chosen.check)]
    word = "differs" if chosen.check else "written"
    if chosen.json:
        show({word: differing}, as_json=True)
    else:
        sys.stdout.write("".join(f"{word}: {path}\n" for path in differing))
    return 1 if chosen.check and differing else 0


def _mcp(chosen: argparse.Namespace) -> int:
    from clawcortex.mcp import serve

    serve(caller="mcp-owner" if chosen.owner else "mcp")
    return 0


def _store(chosen: argparse.Namespace) -> int:
    from clawcortex.upkeep.migration import migrate

    with suppress(ServerDownError), client.Connection():
        raise ConflictError(
            "the resident server runs and may write meanwhile",
            hint="Run `clawcortex stop` on every host first.",
        )
    moved = migrate(chosen.source, chosen.target, lambda line: print(line, file=sys.stderr))
    if chosen.json:
        show({"verified": [asdict(part) for part in moved]}, as_json=True)
    else:
        sys.stdout.write("".join(f"{part.table:10} {part.rows:9} rows  {part.checksum}\n" for part in moved))
    return 0


def _audit(chosen: argparse.Namespace) -> int:
    from clawcortex.settings import load_settings
    from clawcortex.store.opening import open_store
    from clawcortex.upkeep import audit

    with closing(open_store(load_settings())) as store:
        if chosen.action == "export":
            sys.stdout.writelines(f"{line}\n" for line in audit.export(store))
            return 0
        known = [audit.parse_head(chosen.head)] if chosen.head else []
        noted = audit.noted_head()
        found = audit.verify(store, *known, *([noted] if noted else []))
    if chosen.json:
        show(asdict(found), as_json=True)
    else:
        sys.stdout.write("".join(f"FAIL {fault}\n" for fault in found.faults))
        sys.stdout.write(f"{found.lines} lines, head {found.head or 'none'}\n")
    return CorruptedError.exit_code if found.faults else 0


def _service(chosen: argparse.Namespace) -> int:
    from clawcortex.setup import service

    if chosen.action == "show":
        sys.stdout.write(service.agent().decode() if sys.platform == "darwin" else service.unit())
        return 0
    file, left = service.install() if chosen.action == "install" else service.remove()
    word = "written" if chosen.action == "install" else "removed"
    show({word: str(file), **({"now run": left} if left else {})}, as_json=chosen.json)
    return 0


def _jobs(chosen: argparse.Namespace) -> int:
    from clawcortex.settings import load_settings
    from clawcortex.store.opening import open_store
    from clawcortex.upkeep.jobs import queued

    with closing(open_store(load_settings())) as store:
        found = list(queued(store, ended=chosen.all))
    if chosen.json:
        show({"jobs": [asdict(one) for one in found]}, as_json=True)
        return 0
    for one in found:
        why = f"  {one.error}" if one.error else ""
        sys.stdout.write(f"{one.state:7} {one.kind:28} due {one.due}  tries {one.attempts}{why}\n")
    sys.stdout.write(f"{len(found)} jobs\n")
    return 0


def _backup(chosen: argparse.Namespace) -> int:
    from clawcortex.upkeep.backup import commands

    if chosen.action == "list":
        show(commands.listed(chosen.shelves), as_json=chosen.json)
        return 0
    if chosen.action == "verify":
        found = commands.verified(chosen.shelves, chosen.id, chosen.key)
        show(asdict(found), as_json=chosen.json)
        return CorruptedError.exit_code if found.faults else 0
    show(commands.taken(chosen.shelves, chosen.key), as_json=chosen.json)
    return 0


def _restore(chosen: argparse.Namespace) -> int:
    from clawcortex.server.lifecycle import Lock
    from clawcortex.upkeep.backup import commands

    if chosen.into:
        show(commands.restored(chosen.at, chosen.shelves, chosen.key, into=chosen.into), as_json=chosen.json)
        return 0
    lock = Lock("server")
    if not lock.take():
        raise ConflictError("the resident server runs", hint="Run `clawcortex stop` first, on every host.")
    try:
        show(commands.restored(chosen.at, chosen.shelves, chosen.key), as_json=chosen.json)
    finally:
        lock.release()
    return 0


def _page(chosen: argparse.Namespace) -> int:
    found = client.call("/v1/page", {})
    if chosen.json:
        show(found, as_json=True)
        return 0
    sys.stdout.write("".join(f"{link}\n" for link in found["links"]))
    sys.stdout.write(
        f"It opens the page once, within {found['minutes']} minutes; anyone who has it gets in.\n"
    )
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    from clawcortex.upkeep.doctor import examine, report

    checks = examine()
    if chosen.json:
        show({"checks": [check.as_dict() for check in checks]}, as_json=True)
    else:
        sys.stdout.write(report(checks))
    return 0 if all(check.passed for check in checks) else 1
