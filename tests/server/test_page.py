"""The status page on a real server: without a browser, and in a real headless Chromium where there is one."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import pytest

from clawcortex import client, paths
from clawcortex.errors import BusyError
from clawcortex.openclaw import signed
from clawcortex.server.page.door import KEY_S, SESSION_S, WRONG_PER_MINUTE, Door, NotOpenError

from .browser import Browser, browsing, found
from .conftest import live_in, running

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "node_modules" / ".cache" / "pictures"
HOSTILE = [
    '<script>document.title="owned"</script> tea',
    '"><img src=x onerror="document.title=\'owned\'"> tea',
    "' autofocus onfocus='document.title=1' tea",
    "</td></table></style><style>body{display:none}</style> tea",
    "{{ 7 * 7 }} {% raw %} tea",
    "\u202egnp.exe\u2066 \u0000 \ufffe 𝒯ea 👩‍👩‍👧 tea",
    '<a href="javascript:alert(1)">tea</a> &lt;b&gt; <!-- tea',
]
Answer = tuple[int, dict[str, str], str]


class Bridge(BaseHTTPRequestHandler):
    """What the plugin's route does: pass a browser's request on to the socket."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        status, headers, text = ask(
            self.path.removeprefix("/clawcortex"), self.command, body.decode(), self.headers.get("cookie", "")
        )
        data = text.encode()
        self.send_response(status)
        for name in ("content-type", "location", "set-cookie", "content-security-policy"):
            if name in headers:
                self.send_header(name, headers[name])
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        return


class Unix(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(str(paths.socket_path()))


def ask(path: str, method: str = "GET", body: str = "", cookie: str = "") -> Answer:
    """Send what a browser would."""
    connection = Unix("localhost")
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"cookie": cookie} if cookie else {})
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    found = (
        answer.status,
        {name.lower(): value for name, value in answer.getheaders()},
        answer.read().decode(),
    )
    connection.close()
    return found


def key() -> str:
    (link, *_) = client.call("/v1/page", {})["links"]
    return str(link).rpartition("?key=")[2]


def signed_in() -> str:
    status, headers, _ = ask(f"/page?key={key()}")
    assert (status, headers["location"]) == (303, "page")
    cookie, *rest = headers["set-cookie"].split("; ")
    assert {"httponly", "samesite=strict"} <= {one.lower() for one in rest}
    return cookie


@pytest.fixture(scope="module")
def every_skill(skills: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the real skills, and a seventh that the page has never heard of."""
    folder = tmp_path_factory.mktemp("every") / "skills"
    folder.mkdir()
    for home in (*(path.parent for path in ROOT.glob("skills/*/skill.json")), skills / "probe"):
        (folder / home.name).symlink_to(home)
    return folder


@pytest.fixture(scope="module")
def lived_in(every_skill: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the state folder of a server with these skills and hostile memories."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        live_in(folder, every_skill, patch)
        patch.setenv("CLAWCORTEX_SHARED_WORKSPACE", str(folder / "workspace"))
        patch.setenv("CLAWCORTEX_OWNERS", "telegram:111")
        patch.setenv("CLAWCORTEX_HOOK_DEADLINE_MS", "10000")
        (folder / "workspace").mkdir()
        (folder / "workspace" / "PRIORITIES.md").write_text("# Priorities\n\n1. Water the <b>fern</b>\n")
        bridge = ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
        Thread(target=bridge.serve_forever, daemon=True).start()
        paths.private_folder(paths.state_dir())
        paths.private_folder(signed.seen_path().parent)
        started = {
            "port": bridge.server_address[1],
            "tls": False,
            "agents": [{"id": "main", "workspace": "/w"}],
        }
        signed.seen_path().write_text(json.dumps(started))
        try:
            with running():
                for number, text in enumerate(HOSTILE):
                    words = text.replace("\0", "")
                    client.call(
                        "/v1/context-retention/capture", {"text": words, "speaker": f"<i>{number}</i>"}
                    )
                yield folder
        finally:
            bridge.shutdown()
            bridge.server_close()


@pytest.fixture(autouse=True)
def here(lived_in: Path, every_skill: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_in(lived_in, every_skill, monkeypatch)


def question(title: str) -> str:
    asked = client.call("/v1/feedback-router/ask", {"title": title, "description": HOSTILE[1]})
    return str(asked["id"])


def form_of(html: str, label: str, about: str) -> dict[str, str]:
    """Return what pressing the button of a row sends."""
    for form in re.findall(r"<form method=\"post\">.*?</form>", html, re.DOTALL):
        if f'aria-label="{label}: {about}"' in form:
            hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
            return hidden | dict(re.findall(r'button name="(offer)" value="(\w+)"', form))
    raise AssertionError(f"no button {label}: {about}")


def test_a_key_opens_once_and_in_time_and_a_session_ends() -> None:
    now = [0.0]
    door = Door(clock=lambda: now[0])
    made, late = door.key(), door.key()
    session = door.enter(made)
    with pytest.raises(NotOpenError, match="was used"):
        door.enter(made)
    assert door.session(session.token) is session
    now[0] = KEY_S
    with pytest.raises(NotOpenError, match="too old"):
        door.enter(late)
    now[0] = SESSION_S
    with pytest.raises(NotOpenError, match="nobody"):
        door.session(session.token)


def test_wrong_keys_are_slowed_down() -> None:
    now = [0.0]
    door = Door(clock=lambda: now[0])
    for _ in range(WRONG_PER_MINUTE):
        with pytest.raises(NotOpenError):
            door.enter("wrong")
    right = door.key()
    with pytest.raises(BusyError):
        door.enter(right)
    now[0] = 60.0
    assert door.enter(right).token


def test_nobody_gets_in_without_the_key_or_with_a_strange_form() -> None:
    for cookie in ("", "clawcortex_page=", "clawcortex_page=x"):
        assert ask("/page", cookie=cookie)[0] == 401
        assert ask("/page", "POST", "csrf=", cookie)[0] == 401
    assert ask("/page?key=wrong")[0] == 401
    once = key()
    assert [ask(f"/page?key={once}")[0] for _ in range(2)] == [303, 401]
    title = question("Send the letter?") and "Send the letter?"
    cookie = signed_in()
    _, _, html = ask("/page", cookie=cookie)
    form = form_of(html, "Approve", title)
    for wrong in ({"csrf": ""}, {"csrf": "x"}):
        assert ask("/page", "POST", urlencode(form | wrong), cookie)[0] == 403
    assert ask("/page", "POST", urlencode(form), signed_in())[0] == 403  # another session's form
    assert ask("/page", "POST", "a=1&" * 200, cookie)[0] == 400
    assert ask("/page", "POST", "a" * 200_000, cookie)[0] == 413
    assert client.call("/v1/feedback-router/pending", {})["count"] >= 1


def test_only_what_is_offered_can_be_pressed_and_it_is_audited() -> None:
    asked, cookie = question("Paint it blue?"), signed_in()
    form = form_of(ask("/page", cookie=cookie)[2], "Edit", "Paint it blue?")
    assert ask("/page", "POST", urlencode(form | {"offer": "0" * 24}), cookie)[0] == 303
    assert "not offered any more" in ask("/page", cookie=cookie)[2]
    assert ask("/page", "POST", urlencode(form | {"ask.text": " "}), cookie)[0] == 303
    assert "In its place is empty" in ask("/page", cookie=cookie)[2]
    status, headers, _ = ask("/page", "POST", urlencode(form | {"ask.text": "Paint it <b>red</b>"}), cookie)
    assert (status, headers["location"]) == (303, "page")
    assert "Edit: done." in ask("/page", cookie=cookie)[2]
    assert "Edit: done." not in ask("/page", cookie=cookie)[2]
    decided = client.call("/v1/feedback-router/report", {"agent": "main"})["decisions"][0]
    assert (decided["id"], decided["choice"], decided["text"]) == (asked, "edit", "Paint it <b>red</b>")
    ask("/page", "POST", urlencode(form | {"ask.text": "Again"}), cookie)
    assert "not offered any more" in ask("/page", cookie=cookie)[2]
    rows = audit_rows()
    assert [(row["actor"], row["details"]["outcome"]) for row in rows if asked in str(row)] == [
        ("owner", "ok")
    ]
    assert "red" not in str(rows)


def test_a_seventh_skill_has_its_panel_and_a_page_destroys_nothing() -> None:
    cookie = signed_in()
    html = ask("/page", cookie=cookie)[2]
    assert "A shelf of &lt;b&gt;probes&lt;/b&gt;" in html
    assert "It failed: ZeroDivisionError." in html
    for label, said in (
        ("Tell", "Tell: done."),
        ("Wipe", "no page does that"),
        ("Refuse", "it is so and not so"),
    ):
        ask("/page", "POST", urlencode(form_of(html, label, "thing")), cookie)
        assert said in ask("/page", cookie=cookie)[2]
    outcomes = [row["details"]["outcome"] for row in audit_rows() if row["details"]["panel"] == "shelf"]
    assert outcomes == ["ok", "conflict"]


def test_the_doctor_is_asked_from_the_page() -> None:
    cookie = signed_in()
    html = ask("/page", cookie=cookie)[2]
    part = html.partition('id="house.health"')[2]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part))
    found = dict(re.findall(r'button name="(offer)" value="(\w+)"', part.partition("</section>")[0]))
    ask("/page", "POST", urlencode(hidden | {"place": "house.health"} | found), cookie)
    shown = ask("/page", cookie=cookie)[2]
    assert re.search(r"\d+ checks", shown)
    assert all(f"<bdi>{name}</bdi>" in shown for name in ("python", "permissions", "store", "disk"))


def audit_rows() -> list[dict[str, Any]]:
    from contextlib import closing

    from clawcortex.settings import load_settings
    from clawcortex.store.opening import open_store

    with closing(open_store(load_settings())) as store:
        every = store.audited(limit=1_000)
    return [
        {"actor": one.actor, "operation": one.operation, "details": one.details}
        for one in every
        if one.operation.startswith("page ")
    ]


def test_the_status_has_every_panel_and_no_button_and_every_text_is_escaped() -> None:
    came = {"sessionKey": "agent:main:<x>", "agentId": "main", "senderId": "111"}
    told = {"channel": "telegram", "content": "tea?", "senderId": "111", "isGroup": False}
    client.call("/v1/hooks/before_dispatch", {"event": told, "ctx": {**came, "conversationId": "111"}})
    turn = {**came, "channel": "telegram", "chatId": "111", "trigger": "user"}
    block = client.call("/v1/hooks/before_prompt_build", {"event": {"prompt": "tea?"}, "ctx": turn})
    assert "Water the" in block["prependContext"]
    status, headers, html = ask("/status?" + urlencode({"q": 'tea "><script>'}))
    assert status == 200
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert headers["cache-control"] == "no-store"
    for title in (
        "Health",
        "Memory",
        "Priorities",
        "Waiting for your decision",
        "Signals between agents",
        "Jobs",
        "Backups",
        "Prompts: 1.",
    ):
        assert title in html
    assert "main agent:main:&lt;x&gt;" in html
    assert "What comes first on the person&#39;s list, PRIORITIES.md" in html
    assert '<form method="post"' not in html
    lowered = html.lower()
    assert lowered.count("<style") == 1
    for tag in ("<script", "<img", "<i>", '<a href="javascript', 'onerror="', "onfocus='", "<b>fern"):
        assert tag not in lowered
    assert "&lt;script&gt;document.title" in html
    assert "{{ 7 * 7 }}" in html


@pytest.fixture(scope="module")
def browser(lived_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = found()
    if not program:
        pytest.skip("no Chromium that runs here: `apt-get install chromium`")
    with browsing(program, tmp_path_factory.mktemp("profile")) as one:
        yield one


def focused(browser: Browser) -> str:
    return str(browser.run("document.activeElement.ariaLabel || document.activeElement.id"))


def tab_to(browser: Browser, name: str) -> None:
    for _ in range(300):
        browser.press("Tab")
        if focused(browser) == name:
            return
    raise AssertionError(f"Tab never came to {name}")


def test_a_person_opens_it_searches_and_decides_with_the_keyboard(browser: Browser) -> None:
    asked = question('Book <b>"Lisbon"</b>?')
    (link, *_) = client.call("/v1/page", {})["links"]
    browser.go(link)
    assert browser.run("location.href") == link.partition("?")[0]  # the key is out of the address bar
    assert browser.run("document.querySelectorAll('[tabindex]:not([tabindex=\"-1\"])').length") == 0
    colours = []
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        colours.append(browser.run("getComputedStyle(document.body).backgroundColor"))
        browser.picture(PICTURES / f"page-{scheme}.png")
    assert len(set(colours)) == 2
    browser.press("Tab")
    assert browser.run("document.activeElement.textContent") == "Skip to the content"
    tab_to(browser, "q")
    browser.call("Input.insertText", text="tea")
    browser.loads("Enter")
    shown = str(browser.run("document.querySelector('main').textContent"))
    for text in HOSTILE[:5]:
        assert text in shown
    assert browser.run("document.title") == "clawcortex"
    browser.picture(PICTURES / "page-hostile.png")
    tab_to(browser, 'Approve: Book <b>"Lisbon"</b>?')
    browser.loads("Enter")
    assert browser.run("document.querySelector('#said').textContent") == "Approve: done."
    decided = client.call("/v1/feedback-router/report", {"agent": "main"})["decisions"]
    assert {one["id"]: one["choice"] for one in decided}[asked] == "approve"
    assert browser.complaints == []
    origin = link.partition("/clawcortex")[0]
    assert [one for one in browser.requested if not one.startswith((origin, "data:,", "about:"))] == []
