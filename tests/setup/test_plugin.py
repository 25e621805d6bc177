from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from clawcortex import paths
from clawcortex.errors import HostError, InputError, SetupError
from clawcortex.setup.console import Console
from clawcortex.setup.host import OpenClaw
from clawcortex.setup.plugin import grant, revoke
from clawcortex.setup.record import read_record, record_path

COMMENTED = """// my own
{
  gateway: { port: 18999, },
  plugins: { entries: { other: { enabled: true } } }, // keep
}
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_grants_are_shown_asked_for_and_kept_in_a_record(
    checkout: Path, host: OpenClaw, console: Console, shown: io.StringIO, config: Path
) -> None:
    write(config, COMMENTED)
    assert grant(checkout, host, console, yes=True)
    values = read(config)
    entry = values["plugins"]["entries"]["clawcortex"]
    assert entry == {
        "enabled": True,
        "hooks": {"allowConversationAccess": True, "timeouts": {"before_prompt_build": 2_500}},
        "llm": {"allowAgentIdOverride": True},
    }
    assert values["plugins"]["load"]["paths"] == [str(checkout)]
    assert values["plugins"]["entries"]["other"] == {"enabled": True}
    assert values["tools"]["media"]["models"] == [{"type": "cli", "command": f"{checkout}/transcribe.py"}]
    assert config.stat().st_mode & 0o777 == 0o600
    (backup,) = config.parent.glob("openclaw.json.clawcortex-*.bak")
    assert backup.read_text() == COMMENTED
    assert backup.stat().st_mode & 0o777 == 0o600
    said = shown.getvalue()
    assert '+          "allowConversationAccess": true' in said.replace("    +", "+").replace("+   ", "+   ")
    assert "voice notes become text" in said
    assert "comments will be lost" in said


def test_a_second_run_leaves_every_byte_as_it_was(
    checkout: Path, host: OpenClaw, console: Console, shown: io.StringIO, state: Path, calls: Path
) -> None:
    grant(checkout, host, console, yes=True)
    before, called = files(state), calls.read_text()
    assert grant(checkout, host, console, yes=False)  # nothing to ask for
    assert files(state) == before
    assert calls.read_text() == called
    assert "nothing to do" in shown.getvalue()


def test_without_a_terminal_and_without_yes_nothing_changes(
    checkout: Path, host: OpenClaw, console: Console, config: Path, calls: Path
) -> None:
    write(config, COMMENTED)
    with pytest.raises(InputError, match="no terminal") as caught:
        grant(checkout, host, console, yes=False)
    assert "--yes" in caught.value.hint
    assert config.read_text() == COMMENTED
    assert list(config.parent.glob("*.bak")) == []
    assert not calls.exists()
    assert not record_path().exists()


@pytest.mark.parametrize(("answer", "agreed"), [("y\n", True), ("\n", False), ("n\n", False), ("", False)])
def test_a_person_decides(
    checkout: Path, host: OpenClaw, config: Path, monkeypatch: pytest.MonkeyPatch, answer: str, agreed: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    write(config, COMMENTED)
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert grant(checkout, host, Console(Terminal()), yes=False) is agreed
    assert (config.read_text() == COMMENTED) is not agreed
    assert record_path().exists() is agreed


@pytest.mark.parametrize("text", [None, "{}", COMMENTED, '{"plugins": {"load": {"paths": ["/other"]}}}'])
def test_uninstall_takes_exactly_that_back(
    checkout: Path, host: OpenClaw, console: Console, config: Path, text: str | None
) -> None:
    if text is not None:
        write(config, text)
    grant(checkout, host, console, yes=True)
    assert revoke(host, console, yes=True)
    values = read(config)
    values.pop("meta")  # OpenClaw's own stamp
    expected = {
        None: {},
        "{}": {},
        COMMENTED: {"gateway": {"port": 18999}, "plugins": {"entries": {"other": {"enabled": True}}}},
    }.get(text, {"plugins": {"load": {"paths": ["/other"]}}})
    assert values == expected
    assert not record_path().exists()
    before = config.read_bytes()
    assert revoke(host, console, yes=False)  # a second time there is nothing to ask for
    assert config.read_bytes() == before


def test_uninstall_keeps_what_the_person_changed(
    checkout: Path, host: OpenClaw, console: Console, shown: io.StringIO, config: Path
) -> None:
    grant(checkout, host, console, yes=True)
    values = read(config)
    values["plugins"]["entries"]["clawcortex"]["hooks"]["timeouts"]["before_prompt_build"] = 9_000
    write(config, json.dumps(values))
    assert revoke(host, console, yes=True)
    assert read(config)["plugins"]["entries"]["clawcortex"] == {
        "hooks": {"timeouts": {"before_prompt_build": 9_000}}
    }
    assert "it stays as it is" in shown.getvalue()


def test_uninstall_removes_our_cron_jobs_and_no_others(
    checkout: Path, host: OpenClaw, console: Console, shown: io.StringIO, cron: Path
) -> None:
    grant(checkout, host, console, yes=True)
    jobs = [
        {"id": "1", "declarationKey": "clawcortex:a:b:00000000", "enabled": False},
        {"id": "2", "declarationKey": "somebody:clawcortex"},
        {"id": "3", "name": "clawcortex by hand"},
        {"id": "4", "declarationKey": "clawcortex:a:c:00000000"},
    ]
    write(cron, json.dumps(jobs))
    assert revoke(host, console, yes=True)
    assert [job["id"] for job in read(cron)] == ["2", "3"]
    assert "2 cron jobs removed" in shown.getvalue()
    assert not record_path().exists()


@pytest.mark.parametrize("said", [None, "nonsense", '{"jobs": [1]}'])
def test_uninstall_says_which_jobs_stay_without_a_gateway_and_removes_them_the_next_time(
    checkout: Path, host: OpenClaw, console: Console, shown: io.StringIO, cron: Path, said: str | None
) -> None:
    grant(checkout, host, console, yes=True)
    if said is None:
        cron.unlink()
    else:
        write(cron, said)
    assert revoke(host, console, yes=True)
    assert "keeps the jobs" in shown.getvalue()
    assert "run uninstall again" in shown.getvalue()
    write(cron, json.dumps([{"id": "1", "declarationKey": "clawcortex:a:b:00000000"}]))
    assert revoke(host, console, yes=False), "there is nothing more to ask for"
    assert read(cron) == []
    assert not record_path().exists()


def test_uninstall_works_after_openclaw_itself_is_gone(
    checkout: Path, host: OpenClaw, console: Console, config: Path
) -> None:
    grant(checkout, host, console, yes=True)
    assert revoke(None, console, yes=True)
    assert "plugins" not in read(config)


def test_a_configuration_that_openclaw_refuses_is_put_back(
    checkout: Path, host: OpenClaw, console: Console, config: Path
) -> None:
    text = '{"refuse": true}'
    write(config, text)
    with pytest.raises(HostError, match="put back"):
        grant(checkout, host, console, yes=True)
    assert config.read_text() == text


def test_a_failing_openclaw_is_quoted(checkout: Path, console: Console, tmp_path: Path) -> None:
    program = tmp_path / "openclaw"
    program.write_text("#!/bin/sh\necho out of luck >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(HostError, match="out of luck"):
        grant(checkout, OpenClaw(str(program)), console, yes=True)
    with pytest.raises(HostError, match="cannot be started"):
        OpenClaw(str(tmp_path / "absent")).validate()


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_an_unreadable_configuration_is_left_alone(
    checkout: Path, host: OpenClaw, console: Console, config: Path, text: str
) -> None:
    config.parent.mkdir(parents=True)
    raw = text.encode("utf-8", "surrogateescape")
    config.write_bytes(raw)
    with pytest.raises(InputError, match=r"openclaw\.json"):
        grant(checkout, host, console, yes=True)
    assert config.read_bytes() == raw


def test_a_crash_before_the_end_is_still_taken_back(
    checkout: Path, host: OpenClaw, console: Console, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("clawcortex.setup.plugin._write_accepted", dies)
        with pytest.raises(KeyboardInterrupt):
            grant(checkout, host, console, yes=True)
    assert grant(checkout, host, console, yes=True)
    assert revoke(host, console, yes=True)
    assert "plugins" not in read(config)


def test_a_second_checkout_takes_the_place_of_the_first(
    checkout: Path, host: OpenClaw, console: Console, config: Path, tmp_path: Path
) -> None:
    write(config, '{"plugins": {"load": {"paths": ["/mine"]}}}')
    grant(checkout, host, console, yes=True)
    checkout.rename(tmp_path / "moved")
    grant(tmp_path / "moved", host, console, yes=True)
    assert read(config)["plugins"]["load"]["paths"] == ["/mine", str(tmp_path / "moved")]
    models = read(config)["tools"]["media"]["models"]
    assert [one["command"] for one in models] == [f"{tmp_path / 'moved'}/transcribe.py"]
    revoke(host, console, yes=True)
    assert read(config)["plugins"] == {"load": {"paths": ["/mine"]}}


def test_a_configuration_behind_a_symlink_stays_behind_it(
    checkout: Path, host: OpenClaw, console: Console, config: Path, tmp_path: Path
) -> None:
    real = tmp_path / "dotfiles" / "openclaw.json"
    write(real, "{}")
    config.parent.mkdir(parents=True)
    config.symlink_to(real)
    grant(checkout, host, console, yes=True)
    assert config.is_symlink()
    assert "clawcortex" in real.read_text()


def test_a_record_of_another_version_is_not_guessed_at(console: Console) -> None:
    write(record_path(), '{"version": 99}')
    with pytest.raises(SetupError, match="another clawcortex"):
        revoke(None, console, yes=True)
    record_path().write_text("{")  # cut short: as good as none
    assert read_record() is None
    assert paths.state_dir().exists()


def test_an_entry_that_a_newer_version_words_otherwise_takes_the_place_of_the_older(
    checkout: Path, host: OpenClaw, console: Console, config: Path
) -> None:
    mine = {"type": "cli", "command": "mine"}
    write(config, json.dumps({"tools": {"media": {"models": [mine]}}}))
    grant(checkout, host, console, yes=True)
    manifest = checkout / "skills" / "voice-pipeline" / "skill.json"
    manifest.write_text(manifest.read_text().replace("transcribe.py", "hear.py"))
    grant(checkout, host, console, yes=True)
    newer = {"type": "cli", "command": f"{checkout}/hear.py"}
    assert read(config)["tools"]["media"]["models"] == [mine, newer]
    assert revoke(host, console, yes=True)
    assert read(config)["tools"]["media"]["models"] == [mine]
