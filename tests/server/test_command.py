"""The command line: flags from the manifest, answers for people and programs, exit codes from errors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from clawcortex import client, paths
from clawcortex.launch import environment

RUN = """
import sys
sys.path.insert(0, {lib!r})
from clawcortex.client import main
sys.exit(main("probe"))
"""


def clawcortex(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run `clawcortex ...` as a person does."""
    run = subprocess.run(
        [sys.executable, "-m", "clawcortex", *arguments],
        input=stdin,
        env=environment(),
        cwd="/",
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


@pytest.mark.usefixtures("shared")
class TestOperations:
    def test_flags_take_their_types_from_the_schema(self) -> None:
        run = clawcortex(
            "probe", "echo", "--text", "hé 😀", "--times", "2", "--tags", "a", "--tags", "b",
            "--loud", "--weight", "0.5", "--mood", "glad", "--json",
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        answer = json.loads(run.stdout)
        assert (answer["text"], answer["tags"], answer["origin"]) == ("HÉ 😀 HÉ 😀", ["a", "b"], "cli")

    @pytest.mark.parametrize(("named", "origin"), [("cron", "cron"), ("", "cli")])
    def test_a_cron_job_says_that_it_is_one(
        self, monkeypatch: pytest.MonkeyPatch, named: str, origin: str
    ) -> None:
        monkeypatch.setenv("CLAWCORTEX_CALLER", named)
        run = clawcortex("probe", "echo", "--text", "x", "--json")
        assert json.loads(run.stdout)["origin"] == origin

    def test_an_unknown_caller_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLAWCORTEX_CALLER", "root\r\nx: y")
        run = clawcortex("probe", "echo", "--text", "x")
        assert (run.returncode, "caller" in run.stderr) == (2, True)

    def test_a_person_reads_lines(self) -> None:
        run = clawcortex("probe", "echo", "--text", "hello", "--tags", "a")
        assert run.stdout.splitlines()[:2] == ["text: hello", "origin: cli"]
        assert "tags:\n  1. a" in run.stdout

    def test_input_comes_from_a_file_or_stdin_and_flags_win(self, tmp_path: Path) -> None:
        file = tmp_path / "input.json"
        file.write_text('{"text": "from a file", "times": 2}')
        run = clawcortex("probe", "echo", "--input", str(file), "--times", "1", "--json")
        assert json.loads(run.stdout)["text"] == "from a file"
        run = clawcortex("probe", "echo", "--input", "-", "--json", stdin=b'{"text": "piped"}')
        assert json.loads(run.stdout)["text"] == "piped"

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (("probe", "refuse"), 5, "error: it is so and not so\n  next: Decide.\n"),
            (("probe", "echo"), 2, "text: Field required"),
            (("probe", "echo", "--text", "x", "--times", "many"), 2, "invalid int value"),
            (("probe", "echo", "--text", "x", "--mood", "sad"), 2, "invalid choice"),
            (("probe", "fly"), 2, "invalid choice"),
            (("probe", "echo", "--input", "/no/such/file"), 2, "/no/such/file"),
            (("probe", "echo", "--input", "-"), 2, "--input -"),
            (("probe", "fail"), 1, "ZeroDivisionError"),
            (("nobody", "echo"), 2, "invalid choice"),
            ((), 2, "required"),
        ],
    )
    def test_what_goes_wrong_has_its_exit_code_and_its_words(
        self, arguments: tuple[str, ...], code: int, words: str
    ) -> None:
        run = clawcortex(*arguments)
        assert run.returncode == code
        assert words in run.stderr
        assert run.stdout == ""

    def test_with_json_an_error_is_an_object_on_stdout(self) -> None:
        run = clawcortex("probe", "refuse", "--json")
        assert run.returncode == 5
        assert json.loads(run.stdout) == {
            "error": {"code": "conflict", "message": "it is so and not so", "hint": "Decide."}
        }

    def test_help_is_made_of_the_declaration(self) -> None:
        assert "Say the words again." in clawcortex("probe", "--help").stdout
        assert "100 % as given" in clawcortex("probe", "echo", "--help").stdout
        assert "Skills: probe." in clawcortex("--help").stdout

    def test_status_says_what_is_ready(self) -> None:
        run = clawcortex("status", "--json")
        assert run.returncode == 0
        assert json.loads(run.stdout)["ready"] is True


def test_an_entrypoint_starts_the_server_from_anywhere_without_an_environment(
    house: Path, until_ended: Callable[[], None]
) -> None:
    code = RUN.format(lib=str(paths.repo_root() / "lib"))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, "echo", "--text", "hi", "--json"],
        cwd="/",
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["text"] == "hi"
    assert clawcortex("stop").stdout.startswith("state: stopped")
    until_ended()
    assert clawcortex("stop").stdout == "state: not running\n"


def test_start_stop_and_status_from_the_command_line(house: Path) -> None:
    down = clawcortex("status")
    assert down.returncode == 7
    assert "clawcortex start" in down.stderr
    first = json.loads(clawcortex("start", "--json").stdout)
    second = json.loads(clawcortex("start", "--json").stdout)
    assert (first["state"], second["state"]) == ("listening", "adopted")
    assert first["pid"] == second["pid"]
    assert clawcortex("stop", "--json").returncode == 0


def test_without_an_environment_the_way_out_is_named(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLAWCORTEX_PYTHON")
    code = RUN.format(lib=str(paths.repo_root() / "lib"))
    bare = Path(sys.base_prefix) / "bin" / "python3"
    run = subprocess.run(
        [str(bare), "-I", "-S", "-c", code, "echo", "--text", "hi"], cwd="/", capture_output=True, check=False
    )
    assert run.returncode == 7
    assert b"install.py" in run.stderr


def test_doctor_names_what_is_wrong_and_what_to_do(house: Path, until_ended: Callable[[], None]) -> None:
    run = clawcortex("doctor", "--json")
    assert run.returncode == 1
    checks = {check["name"]: check for check in json.loads(run.stdout)["checks"]}
    assert checks["python"]["passed"] is True
    assert checks["server"]["passed"] is False
    assert "clawcortex start" in checks["server"]["next_step"]
    client.start()
    client.call("/readyz?wait=60")
    client.call(
        "/v1/hooks/agent_end", {"event": {"messages": [{"role": "user", "content": "hi"}]}, "ctx": {}}
    )
    run = clawcortex("doctor")
    assert run.returncode == 0, run.stdout
    assert run.stdout.splitlines()[-1].endswith("all well")
    paths.state_dir().chmod(0o755)
    run = clawcortex("doctor")
    assert run.returncode == 1
    assert "FAIL permissions" in run.stdout
    assert "next: Run `chmod" in run.stdout
    client.call("/v1/shutdown", {})
    until_ended()


def test_doctor_reads_openclaws_grants(house: Path) -> None:
    (house / "openclaw.json").write_text('{"plugins": {"entries": {"clawcortex": {"enabled": true}}}}')
    checks = {check["name"]: check for check in json.loads(clawcortex("doctor", "--json").stdout)["checks"]}
    assert checks["plugin"]["passed"] is True
    assert checks["grant"]["passed"] is False
    assert "install.py" in checks["grant"]["next_step"]
