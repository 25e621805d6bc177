"""What depends on the machine: the torch build, Node and npm, the terminal."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from clawcortex.errors import DiskFullError, ReadOnlyError, SetupError
from clawcortex.setup import accelerator, node, storage
from clawcortex.setup.console import Console, megabytes
from clawcortex.setup.pip import Pip, Progress, failure

from .conftest import executable

NPM = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/npm.calls"
echo "$PATH" >> "$(dirname "$0")/npm.paths"
test ! -e "$(dirname "$0")/npm.broken" || exit 1
"""


class Index(Pip):
    """A pip that knows what an index offers."""

    def __init__(self, *offered: str) -> None:
        super().__init__(Path("python"), Path("log"), Console(io.StringIO()))
        self.offered = offered

    def offers(self, requirement: str, *options: str) -> str:
        return "here.whl" if requirement in self.offered or options else ""


@pytest.fixture
def linux(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(accelerator, "has_nvidia", lambda: False)
    return monkeypatch


def test_without_a_gpu_the_cpu_build_is_taken_where_there_is_one(linux: pytest.MonkeyPatch) -> None:
    build = accelerator.choose_torch(Index("torch==2.13.0+cpu"), "2.13.0")
    assert (build.requirement, build.extra_mb) == ("torch==2.13.0+cpu", 0.0)
    named = accelerator.choose_torch(Index(), "2.13.0", index="https://index.example/cpu")
    assert named.options == ("--extra-index-url=https://index.example/cpu",)
    assert named.requirement.endswith("+cpu")


def test_without_a_cpu_build_the_size_is_told(linux: pytest.MonkeyPatch) -> None:
    build = accelerator.choose_torch(Index(), "2.13.0")
    assert build.requirement == "torch==2.13.0"
    assert build.extra_mb > 1_000
    assert "--torch-index" in build.note
    linux.setattr("platform.machine", lambda: "aarch64")
    assert accelerator.choose_torch(Index(), "2.13.0").extra_mb == 0


def test_with_a_gpu_or_on_a_mac_torch_is_what_the_index_gives(linux: pytest.MonkeyPatch) -> None:
    offered = Index("torch==2.13.0+cpu")
    linux.setattr(accelerator, "has_nvidia", lambda: True)
    assert accelerator.choose_torch(offered, "2.13.0").requirement == "torch==2.13.0"
    linux.setattr(accelerator, "has_nvidia", lambda: False)
    linux.setattr("platform.system", lambda: "Darwin")
    assert accelerator.choose_torch(offered, "2.13.0").requirement == "torch==2.13.0"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a stand-in npm, and a cache folder of its own."""
    folder = tmp_path / "programs"
    executable(folder / "npm", NPM)
    executable(folder / "node", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(node.LOCATION, raising=False)
    return folder


def test_node_comes_first_and_openclaw_sees_it(programs: Path, console: Console) -> None:
    found = node.fetch(console)
    folder = node.cache_folder()
    assert found == {node.LOCATION: str(folder)}
    calls = (programs / "npm.calls").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == [node.NODE, node.OPENCLAW]
    second = (programs / "npm.paths").read_text().splitlines()[1]
    assert second.startswith(str(folder / "N" / "node_modules" / ".bin"))
    assert node.fetch(console) == found
    assert (programs / "npm.calls").read_text().splitlines() == calls  # fetched once


def test_a_failing_npm_is_a_reason_and_not_an_end(programs: Path, console: Console) -> None:
    (programs / "npm.broken").touch()
    found = node.fetch(console)
    assert node.OPENCLAW in json.dumps(node.REASON in found and [node.OPENCLAW])
    assert "npm could not install" in found[node.REASON]
    (programs / "npm.broken").unlink()
    assert node.LOCATION in node.fetch(console)  # half-way through is no end either


def test_no_npm_is_the_reason_of_the_skip(
    programs: Path, console: Console, shown: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert node.fetch(console) == {node.REASON: "Node and npm are not on PATH"}
    assert "cannot run" in shown.getvalue()
    monkeypatch.setenv(node.LOCATION, "/elsewhere")
    assert node.fetch(console) == {node.LOCATION: "/elsewhere"}


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        ("OSError: [Errno 28] No space left on device", DiskFullError, "disk is full"),
        ("[Errno 30] Read-only file system: '/x'", ReadOnlyError, "read-only"),
        (
            "Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'",
            SetupError,
            "cannot be reached",
        ),
        ("ERROR: No matching distribution found for torch==9", SetupError, "no torch==9"),
        ("ERROR: one\nERROR: two\n", SetupError, "two"),
        ("", SetupError, "without a reason"),
    ],
)
def test_pip_failures_become_one_sentence(output: str, kind: type[Exception], words: str) -> None:
    error = failure("base", output, Path("/log"))
    assert type(error) is kind
    assert words in error.message
    assert error.hint


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_one_live_line_and_a_log_gets_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = [
        "Downloading https://index.example/numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)",
        "Progress 1000000 of 16900000",
        "Using cached numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)",
        "Using cached a-1-py3-none-any.whl.metadata (2 kB)",
        "Installing collected packages: numpy, six",
    ]
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        progress = Progress(Console(stream), "base", 2)
        for line in lines:
            progress.read(line)
        progress.finish()
    assert "\x1b[2K" in terminal.getvalue()
    assert log.getvalue() == "    [1/2] numpy 2.4.6  16.9 MB\n    unpacking 2 packages\n  ✓ base: 1 package\n"
    assert "\x1b" not in log.getvalue()


def test_sizes_as_people_read_them() -> None:
    assert [megabytes(size) for size in (0.52, 9.9, 87.3, 2_900)] == ["0.5 MB", "9.9 MB", "87 MB", "2.9 GB"]


def test_a_file_that_cannot_be_written_names_the_disk(tmp_path: Path) -> None:
    assert isinstance(storage.refusal(OSError(28, "No space left on device"), tmp_path), DiskFullError)
    assert isinstance(storage.refusal(OSError(30, "Read-only file system"), tmp_path), ReadOnlyError)
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match="cannot be written"):
        storage.write_text(tmp_path / "file" / "inside", "text")
