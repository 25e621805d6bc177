"""Answers as JSON lines: progress while an operation runs, then its answer or its error.

    {"progress": {"line": "…", …}}      any number of them, as the operation's `progress` says
    {"answer": {…}}  or  {"error": {"code", "message", "hint"}}

What fails before its first line is answered as ever, with its status. Who goes away leaves the operation running.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse

from clawcortex.client import LINES
from clawcortex.errors import ClawcortexError
from clawcortex.skills.context import Progress

Tell = Callable[[Progress], None]


async def streamed(
    start: Callable[[Tell], asyncio.Future[bytes]], typed: Callable[[BaseException], ClawcortexError]
) -> Response:
    """Start an operation and return its lines; `typed` makes an error for people of any."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()

    def tell(progress: Progress) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended
            loop.call_soon_threadsafe(
                lines.put_nowait, _line("progress", progress.model_dump_json().encode())
            )

    def over(future: asyncio.Future[bytes]) -> None:
        if not future.cancelled():
            future.exception()  # seen, also when nobody reads on
        lines.put_nowait(None)

    done = start(tell)
    done.add_done_callback(over)
    first = await lines.get()
    if first is None:
        return Response(_line("answer", done.result()), media_type=LINES)

    async def body() -> AsyncIterator[bytes]:
        line: bytes | None = first
        while line is not None:
            yield line
            line = await lines.get()
        if error := done.exception():  # the status is sent already: the last line says it
            yield _line("error", json.dumps(typed(error).as_dict()).encode())
        else:
            yield _line("answer", done.result())

    return StreamingResponse(body(), media_type=LINES)


def _line(kind: str, value: bytes) -> bytes:
    return b'{"' + kind.encode() + b'": ' + value + b"}\n"
