"""Put clawcortex into the person's OpenClaw, and take it out again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from clawcortex.errors import HostError
from clawcortex.setup.changes import apply, merge, take_back
from clawcortex.setup.config import Config, back_up, difference, read_config, write_config
from clawcortex.setup.console import Console
from clawcortex.setup.grants import base_grants, skill_grants
from clawcortex.setup.host import OpenClaw
from clawcortex.setup.record import Record, read_record, record_path, write_record

LOADED = ("plugins", "load", "paths")
"""Where OpenClaw's configuration lists linked plugins."""


def grant(root: Path, host: OpenClaw, console: Console, *, yes: bool) -> bool:
    """Link the plugin and set its grants after asking; return False when the person said no."""
    config = read_config()
    record = read_record() or Record(str(config.path))
    wanted = (*base_grants(root), *skill_grants(root))
    entries = [(item.path, item.value) for item in wanted if item.append]
    moved = [one for one in record.changes if one.append and (one.path, one.value) not in entries]
    after, changes = apply(take_back(config.values, moved)[0], wanted)
    if not changes and not moved:
        console.done("OpenClaw has the plugin and its grants already: nothing to do")
        return True
    console.step(f"These changes to {config.path} let OpenClaw use clawcortex")
    changed = {change.path for change in changes}
    for item in wanted:
        if item.path in changed:
            console.say(f"    {'.'.join(item.path)}: {item.why}")
    _show(config, after, console)
    if not console.confirm("Make these changes?", yes=yes):
        console.warn("Nothing was changed. Run `python3 install.py` again when you want to.")
        return False
    # Written first: a crash between here and the end leaves a record of what may have been changed.
    write_record(Record(str(config.path), str(root), merge(record.changes, changes)))
    copy = back_up(config.path)
    if copy:
        console.done(f"backup: {copy}")
    if any(change.path == LOADED for change in changes):
        host.link(root)
        console.done("plugin linked")
    _write_accepted(config.path, apply(take_back(read_config().values, moved)[0], wanted)[0], host, copy)
    kept = [change for change in merge(record.changes, changes) if change not in moved]
    write_record(Record(str(config.path), str(root), kept))
    console.done(f"{len(changes)} settings in {config.path.name}")
    return True


def revoke(host: OpenClaw | None, console: Console, *, yes: bool) -> bool:
    """Take the recorded changes back after asking; return False when the person said no."""
    record = read_record()
    if record is None:
        console.done("OpenClaw has nothing of clawcortex: nothing to do")
        return True
    config = read_config(Path(record.config))
    after, kept = take_back(config.values, record.changes)
    for change in kept:
        console.warn(f"{'.'.join(change.path)} was changed since it was installed: it stays as it is")
    if after != config.values:
        console.step(f"These changes to {config.path} take clawcortex out of OpenClaw")
        _show(config, after, console)
        if not console.confirm("Make these changes?", yes=yes):
            console.warn("Nothing was changed.")
            return False
        cleared = _remove_jobs(host, console)  # before the gateway sees the new configuration
        copy = back_up(config.path)
        console.done(f"backup: {copy}")
        if host and record.linked:
            host.unlink()  # forgets the install record; it also edits the file, so ours is written after
        _write_accepted(config.path, after, host, copy)
        console.done(f"{config.path.name} is as it was, but for what you changed yourself")
    else:
        cleared = _remove_jobs(host, console)
    if cleared:
        record_path().unlink()
    else:
        write_record(Record(str(config.path)))
    return True


def _remove_jobs(host: OpenClaw | None, console: Console) -> bool:
    """Remove our cron jobs from the running gateway; return False when they stay there."""
    if host is None:
        return True  # no gateway will run them
    try:
        removed = host.remove_jobs()
    except HostError as error:
        console.warn("OpenClaw's cron keeps the jobs of clawcortex: the running gateway holds them")
        console.say(f"    {error.message}", "dim")
        console.say(
            "    Start the gateway and run uninstall again; by hand: `openclaw cron list --all`, "
            "then `openclaw cron rm ID` for each that is named clawcortex.",
            "dim",
        )
        return False
    if removed:
        console.done(f"{removed} cron jobs removed")
    return True


def _show(config: Config, after: dict[str, Any], console: Console) -> None:
    console.diff(difference(config.values, after, config.path.name))
    if config.commented:
        console.warn(
            "its comments will be lost (OpenClaw's own writer drops them too); the backup keeps them"
        )


def _write_accepted(path: Path, values: dict[str, Any], host: OpenClaw | None, copy: Path | None) -> None:
    """Write the configuration; when OpenClaw refuses it, put the backup back and say so."""
    if not write_config(path, values) or host is None:
        return
    try:
        host.validate()
    except HostError as error:
        if copy is None:
            path.unlink()
        else:
            shutil.copyfile(copy, path)
        raise HostError(
            f"OpenClaw refused the changed configuration, so it was put back: {error.message}",
            hint=error.hint,
        ) from error
