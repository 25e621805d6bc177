"""OpenClaw's own checks of the plugin."""

from __future__ import annotations

import json
import re
import sqlite3
import tarfile
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from .house import ROOT, House
from .loopback import until

HOOKS = {
    "message_received",
    "before_dispatch",
    "before_prompt_build",
    "agent_end",
    "before_compaction",
    "after_compaction",
    "before_reset",
    "session_start",
    "session_end",
    "gateway_start",
}


def test_the_plugin_validates(house: House) -> None:
    found = json.loads(house.openclaw("plugins", "validate", "--root", str(house.plugin), "--json"))
    assert found["valid"] is True


def test_it_loads_with_every_hook_and_tool_and_no_complaint(house: House) -> None:
    found = json.loads(house.openclaw("plugins", "inspect", "clawcortex", "--runtime", "--json"))
    wanted = json.loads((ROOT / "openclaw.plugin.json").read_text())["contracts"]["tools"]
    assert found["plugin"]["status"] == "loaded"
    assert found["diagnostics"] == []
    assert {one["name"] for one in found["typedHooks"]} == HOOKS
    assert sorted(name for one in found["tools"] for name in one["names"]) == sorted(wanted)


def test_its_skills_are_eligible(house: House) -> None:
    skills = json.loads(house.openclaw("skills", "list", "--agent", "main", "--json"))["skills"]
    eligible = {one["name"] for one in skills if one["eligible"]}
    assert {folder.parent.name for folder in ROOT.glob("skills/*/SKILL.md")} <= eligible


def test_openclaws_doctor_is_content(house: House) -> None:
    found = json.loads(house.openclaw("plugins", "doctor", "--json"))
    assert found["ok"] is True
    assert found["pluginErrors"] == []


def test_health_is_for_the_gateways_owner_only(house: House) -> None:
    port = house.configuration()["gateway"]["port"]
    request = urllib.request.Request(f"http://127.0.0.1:{port}/clawcortex/health")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 401
    request.add_header("authorization", "Bearer house")
    with urllib.request.urlopen(request) as answer:
        assert json.loads(answer.read())["ready"] is True


def test_a_reload_replaces_the_server(house: House) -> None:
    before = house.wait_for_server()
    house.openclaw("plugins", "reload", "clawcortex")
    until(lambda: before not in {one.pid for one in house.servers()}, "the old server ends")
    after = house.wait_for_server()
    assert [one.pid for one in house.servers()] == [after]


def test_the_page_opens_with_its_own_link_and_the_status_with_the_gateways_bearer(house: House) -> None:
    port = house.configuration()["gateway"]["port"]
    status = urllib.request.Request(f"http://127.0.0.1:{port}/clawcortex/status")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(status)
    assert refused.value.code == 401
    status.add_header("authorization", "Bearer house")
    with urllib.request.urlopen(status) as answer:
        assert "Waiting for your decision" in answer.read().decode()
    (link,) = house.ask("/v1/page", {})["links"]
    assert link.startswith(f"http://127.0.0.1:{port}/clawcortex/page?key=")
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(link) as answer:
        assert answer.url == f"http://127.0.0.1:{port}/clawcortex/page"
        html = answer.read().decode()
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link)
    assert refused.value.code == 401
    health = html.partition('id="house.health"')[2]
    named = re.findall(r'name="(\w+)" value="([^"]+)"', health.partition("</form>")[0])
    with browser.open(f"http://127.0.0.1:{port}/clawcortex/page", urlencode(named).encode()) as answer:
        assert re.search(r"\d+ checks, ", answer.read().decode())


def test_openclaws_own_backup_holds_a_consistent_memory_and_not_our_backups(
    house: House, tmp_path: Path
) -> None:
    house.ask("/v1/context-retention/capture", {"text": "The spare key hangs behind the blue door"})
    told = json.loads(house.openclaw("backup", "create", "--output", str(tmp_path), "--verify", "--json"))
    with tarfile.open(told["archivePath"]) as archive:
        inside = {name.partition("/clawcortex/")[2]: name for name in archive.getnames()}
        archive.extract(inside["memory.sqlite"], tmp_path, filter="data")
    ours = [name for name in inside if name.startswith(("backups/", "cache/", "run/", "memory.sqlite-"))]
    assert ours == []  # no log beside it: what it held is in the copy, and the copy is one moment's
    with closing(sqlite3.connect(tmp_path / inside["memory.sqlite"])) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        said = "SELECT count(*) FROM memories WHERE text LIKE '%blue door%'"
        assert raw.execute(said).fetchone() == (1,)
