"""The commands of install.py, each a plain function from options to an exit code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clawcortex import paths
from clawcortex.errors import HostError, SetupError
from clawcortex.setup import node, plugin
from clawcortex.setup.console import Console
from clawcortex.setup.environment import Environment
from clawcortex.setup.grants import leave_outs
from clawcortex.setup.host import find_openclaw

RUNTIME = ("base", "export", "voice")
ASKED_FOR = ("faster-whisper", "pocketsphinx", "postgres")
"""Groups that stay once they were asked for."""
TESTED = ("faster-whisper", "pocketsphinx", "postgres", "dev")
"""What the tests need beside the running system: every engine, of which pocketsphinx hears without a download."""
CI = "CLAWCORTEX_E2E"


@dataclass(frozen=True)
class Options:
    """What was said on the command line."""

    yes: bool = False
    minimal: bool = False
    voice: bool = True
    postgres: bool = False
    engine: tuple[str, ...] = ()
    purge: bool = False
    torch_index: str = ""
    rest: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the dependency groups of the running system."""
        wanted = ("base",) if self.minimal else RUNTIME
        kept = tuple(group for group in wanted if group != "voice" or self.voice)
        return (*kept, *self.engine, "postgres") if self.postgres else (*kept, *self.engine)


SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""How pytest runs the whole suite: two processes, each with a gateway of its own; a file stays on one.

In their own order: the gateway's few long tests begin early instead of being left for the end.
"""


def install(root: Path, options: Options, console: Console) -> int:
    """Install into the person's OpenClaw, then let doctor look at it."""
    environment = prepare(root, options, console, options.groups)
    host = find_openclaw()
    if host is None:
        raise HostError(
            "Everything is installed, but there is no `openclaw` on PATH, so no assistant uses it yet",
            hint="Install OpenClaw 2026.9.6 or newer, then run `python3 install.py` again.",
        )
    if not plugin.grant(root, host, console, yes=options.yes):
        return 0
    if "voice" in environment.groups():
        fetch_weights(environment, console)
    console.step("The resident server, and what doctor finds")
    _call(
        environment, ("-m", "clawcortex", "start")
    )  # a gateway that runs already has started it; it is adopted
    return _call(environment, ("-m", "clawcortex", "doctor"))


def demo(root: Path, options: Options, console: Console) -> int:
    """Show on a shipped conversation what would be recalled and restored."""
    environment = prepare(root, options, console, options.groups)
    words = ("--words",) if options.minimal else ()
    return _call(environment, ("-m", "clawcortex.demo", *words))


def test(root: Path, options: Options, console: Console) -> int:
    """Run the test suite, on a real OpenClaw where Node and npm are present."""
    environment = prepare(root, options, console, (*options.groups, *TESTED))
    variables = node.fetch(console)
    variables["CLAWCORTEX_MODELS_DIR"] = str(paths.models_dir())  # tests have states of their own
    console.step("Tests")
    if options.rest or CI not in os.environ:
        return _call(environment, ("-m", "pytest", *(options.rest or SIDE_BY_SIDE)), variables, cwd=root)
    found = paths.private_folder(paths.cache_dir() / "coverage")
    variables["COVERAGE_FILE"] = str(found / "lines")
    whole = ("run", "-m", "pytest", *SIDE_BY_SIDE)
    for arguments in (("erase",), whole, ("combine", "--quiet"), ("report",)):
        failed = _call(environment, ("-m", "coverage", *arguments), variables, cwd=root)
        if failed:
            return failed
    return 0


def run(root: Path, options: Options, console: Console) -> int:
    """Run a command in the environment; its standard output is its own, so ours goes to `console`."""
    if not options.rest:
        raise SetupError(
            "No command was given", hint="Write it after two dashes: install.py run -- python ..."
        )
    groups = (*options.groups, *TESTED)
    environment = Environment(root, console)
    if environment.missing(groups) or not any(paths.models_dir().glob("*/*")):
        environment = prepare(root, options, console, groups)
    variables = environment.variables()
    program = shutil.which(options.rest[0], path=variables["PATH"])
    if program is None:
        raise SetupError(f"There is no command {options.rest[0]!r} in the environment or on PATH")
    return subprocess.run([program, *options.rest[1:]], env=variables, check=False).returncode


def doctor(root: Path, options: Options, console: Console) -> int:
    """Let the installed doctor look at everything."""
    environment = Environment(root, console)
    if not environment.groups():
        raise SetupError("clawcortex is not installed here", hint="Run `python3 install.py` first.")
    return _call(environment, ("-m", "clawcortex", "doctor", *options.rest))


def uninstall(root: Path, options: Options, console: Console) -> int:
    """Take clawcortex out of OpenClaw and remove what can be made again; memories stay unless --purge."""
    state = paths.state_dir()
    if not plugin.revoke(find_openclaw(), console, yes=options.yes):
        return 0
    environment = Environment(root, console)
    if environment.groups() and paths.socket_path().exists():
        _call(environment, ("-m", "clawcortex", "stop"))
    if options.purge and state.exists():
        if not console.confirm(f"Delete {state} with every memory in it?", yes=options.yes):
            return 0
        shutil.rmtree(state)
        shutil.rmtree(node.cache_folder(), ignore_errors=True)
        console.done(f"{state} is deleted")
        return 0
    removed = [folder for folder in (environment.folder, paths.cache_dir()) if folder.exists()]
    for folder in removed:
        shutil.rmtree(folder)
        console.done(f"{folder} is deleted")
    if paths.database_path().exists():
        console.say(f"    your memories stay in {state}; --purge deletes them too", "dim")
    elif not removed:
        console.done("nothing to do")
    return 0


def prepare(root: Path, options: Options, console: Console, groups: tuple[str, ...]) -> Environment:
    """Bring the environment and the exported model up to date."""
    environment = Environment(root, console, torch_index=options.torch_index)
    # Asked for once: kept in step without being asked for again.
    groups = (*groups, *(group for group in environment.groups() if group in ASKED_FOR))
    if environment.missing(groups):
        environment.ensure(groups)
    else:
        environment.ensure(groups)
        console.done(f"environment is complete: {', '.join(environment.requirements.present(groups))}")
    if "export" in groups:
        export_model(environment, console)
    else:
        console.warn("without the embedding model: recall works on words, not on meaning")
    for skill, extra in leave_outs(root, environment.requirements.present(groups)):
        console.warn(f"{skill} needs `{extra}`, which was left out: it will say so when it is called")
    return environment


def export_model(environment: Environment, console: Console) -> None:
    """Turn the embedding model into its fast form; does nothing when that is there and sound."""
    log = paths.state_dir() / "logs" / "install.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        log.open("a+", encoding="utf-8", errors="replace") as words,
        subprocess.Popen(
            [str(environment.python), "-m", "clawcortex.models.export"],
            env=environment.variables(),
            stdout=subprocess.PIPE,
            stderr=words,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - asked for as PIPE right above
        for line in process.stdout:
            console.say(f"    {line.rstrip()}", "dim")
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-2:]
        raise SetupError(
            f"The embedding model could not be turned into its fast form: {' '.join(said)}",
            hint=f"Read {log} and run the same command again; --minimal goes on without meaning search.",
        )


def fetch_weights(environment: Environment, console: Console) -> None:
    """Fetch the weights of the speech engine that the settings name; without a network say how to do it later."""
    console.step("The weights of speech recognition (Whisper's `base`: 145 MB)")
    asked = ("-m", "clawcortex.speech.weights")
    if _call(environment, asked):
        console.warn("voice notes wait until the weights are there; nothing is lost")


def _call(
    environment: Environment,
    arguments: Sequence[str],
    more: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    variables = {**environment.variables(), **(more or {})}
    return subprocess.run(
        [str(environment.python), *arguments], env=variables, cwd=cwd, check=False
    ).returncode
