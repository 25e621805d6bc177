"""A model on loopback that speaks OpenAI's chat completions and behaves as it is told: for want of a real one.

good       its critic finds what is wrong and nothing else, and its refinement mends it
useless    its critic always has something vague to say, and its refinement says the same in other words
harmful    its critic calls what is right wrong, and its refinement makes it so
failing    it drafts; then it answers in prose where JSON is wanted, fails, or says nothing
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, Self

BEHAVIOURS = ("good", "useless", "harmful", "failing")
Draft = Literal["good", "bad"]
PASSES = {"first draft": "draft", "criticise a draft": "critique", "improve a draft": "refine"}


class Scripted:
    """Serve one behaviour over the tasks; the draft is each task's good or its bad sample."""

    def __init__(self, tasks: Sequence[dict[str, Any]], behaviour: str, draft: Draft) -> None:
        self._tasks, self._behaviour, self._draft = tasks, behaviour, draft
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Exchange,), {"owner": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Return the endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, system: str, prompt: str) -> str | None:
        """Return what the model says; None for a failure."""
        name = next((name for mark, name in PASSES.items() if mark in system), "")
        task = next(one for one in self._tasks if one["prompt"] in prompt)
        draft = str(task[self._draft])
        if name == "draft":
            return draft
        if self._behaviour == "failing":
            return "I would rather talk about it." if name == "critique" and len(prompt) % 2 else None
        if name == "critique":
            return json.dumps({"issues": self._issues(draft)})
        if self._behaviour == "useless":
            return (
                f"{draft}\n" if draft.lstrip().startswith(("{", "[", "def", "import")) else f"{draft} Well."
            )
        return str(task["good" if self._behaviour == "good" else "bad"])

    def _issues(self, draft: str) -> list[dict[str, str]]:
        if self._behaviour == "good" and self._draft == "good":
            return []
        quote = " ".join(draft.split()[:4])
        problem = {"good": "it is wrong", "useless": "it could be better"}.get(
            self._behaviour, "it is all wrong"
        )
        invented = {"severity": "serious", "quote": "words that stand nowhere", "problem": problem}
        return [{"severity": "serious", "quote": quote, "problem": problem}, invented]


class _Exchange(BaseHTTPRequestHandler):
    owner: ClassVar[Scripted]

    def log_message(self, *_: object) -> None:
        return

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, prompt = (str(one["content"]) for one in asked["messages"])
        said = self.owner.answer(system, prompt)
        usage = {
            "prompt_tokens": len((system + prompt).split()),
            "completion_tokens": len((said or "").split()),
        }
        body = {"model": "scripted", "choices": [{"message": {"content": said}}], "usage": usage}
        raw = json.dumps(body if said is not None else {"error": "down"}).encode()
        self.send_response(200 if said is not None else 503)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
