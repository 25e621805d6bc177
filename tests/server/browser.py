"""A real headless Chromium over its debugging pipe: JSON with a NUL after each, on descriptors 3 and 4.

No driver and no package: the protocol is what Chromium itself speaks.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome")
KEYS = {"Tab": 9, "Enter": 13}
FLAGS = (
    "--headless=new --remote-debugging-pipe --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-extensions "
    "--disable-default-apps --no-proxy-server --window-size=1100,900"
)


def found() -> str:
    """Return the program, empty where there is none that runs."""
    there = (path for name in NAMES if (path := shutil.which(name)))
    asked = ["--version", "--no-sandbox"]
    works = (
        one for one in there if not subprocess.run([one, *asked], check=False, capture_output=True).returncode
    )
    return next(works, "")


PLACE = (
    "import os, sys; a, b = map(int, sys.argv[1:3]); os.dup2(a, 20); os.dup2(b, 21); "
    "os.dup2(20, 3); os.dup2(21, 4); os.execv(sys.argv[3], sys.argv[3:])"
)
"""What Chromium reads is 3 and what it writes is 4, whatever numbers the pipes have here."""


class Browser:
    """One page in one browser; keeps what it requested and what it complained about."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int, writing: int) -> None:
        self._process = process
        self._reading = os.fdopen(reading, "rb", buffering=0)
        self._writing = os.fdopen(writing, "wb", buffering=0)
        self._waiting, self._number, self._session = b"", 0, ""
        self._events: list[dict[str, Any]] = []
        self.requested: list[str] = []
        self.complaints: list[str] = []

    def open(self) -> Self:
        """Take a page and listen to it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        return self

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser and return its answer; what it tells meanwhile is kept."""
        self._number += 1
        asked: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        self._writing.write(json.dumps(asked).encode() + b"\0")
        while True:
            said = self._read()
            if said.get("id") == self._number:
                assert "error" not in said, said
                answer: dict[str, Any] = said["result"]
                return answer

    def until(self, event: str) -> None:
        """Wait until the browser tells of an event, or return at once if it has."""
        while not any(one["method"] == event for one in self._events):
            self._read()
        self._events = [one for one in self._events if one["method"] != event]

    def go(self, url: str) -> None:
        """Load an address and everything on it."""
        self._events.clear()
        self.call("Page.navigate", url=url)
        self.until("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which the page's policy does not touch."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def press(self, key: str) -> None:
        """Press and let go of a key."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=KEYS[key],
                **(text if kind == "keyDown" else {}),
            )

    def loads(self, key: str) -> None:
        """Press a key and wait for the page that follows."""
        self._events.clear()
        self.press(key)
        self.until("Page.loadEventFired")

    def prefer(self, scheme: str) -> None:
        """Show the page light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path: Path) -> None:
        """Keep what is seen."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            more = os.read(self._reading.fileno(), 1 << 20)
            assert more, f"the browser ended: {self._process.poll()}"
            self._waiting += more
        line, _, self._waiting = self._waiting.partition(b"\0")
        said: dict[str, Any] = json.loads(line)
        method, params = said.get("method", ""), said.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requested.append(params["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(str(params["entry"]))
        elif method in (
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Page.javascriptDialogOpening",
        ):
            self.complaints.append(f"{method}: {params}")
        if method:
            self._events.append(said)
        return said


@contextmanager
def browsing(program: str, folder: Path) -> Iterator[Browser]:
    """Run a browser with a profile of its own."""
    theirs_in, mine_out = os.pipe()
    mine_in, theirs_out = os.pipe()

    started = [sys.executable, "-c", PLACE, str(theirs_in), str(theirs_out), program]
    process = subprocess.Popen(
        [*started, *FLAGS.split(), f"--user-data-dir={folder}", "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(theirs_in, theirs_out),
        env={**os.environ, "HOME": str(folder)},
    )
    os.close(theirs_in)
    os.close(theirs_out)
    browser = Browser(process, mine_in, mine_out)
    try:
        yield browser.open()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        browser._reading.close()
        browser._writing.close()
