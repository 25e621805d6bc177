"""The page's routes.

GET  /status   the page without buttons, for the socket's owner and the bearer of the token
POST /v1/page  a link with a one-time key, for the owner at the machine
GET  /page     in a browser: with ?key= it gets a session, with the session's cookie the page
POST /page     a button; answered with a redirect to the page
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from clawcortex.errors import ClawcortexError, DeniedError, HostError, InputError
from clawcortex.server.bodies import TooLargeError
from clawcortex.server.calls import Calls, caller_named
from clawcortex.server.page import rendering
from clawcortex.server.page.acting import press
from clawcortex.server.page.door import KEY_S, SESSION_S, Door, Session
from clawcortex.server.page.house import House
from clawcortex.server.page.view import View
from clawcortex.server.pool import Pools
from clawcortex.server.resources import Residence

COOKIE = "clawcortex_page"
PAGE = "/page"
MOST_FORM = 100_000
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Page:
    """The page's endpoints."""

    residence: Residence
    calls: Calls
    pools: Pools
    house: House
    door: Door

    async def status(self, request: Request, request_id: str) -> Response:
        """Show the page without buttons."""
        return await self._shown(request, request_id, None)

    async def link(self, request: Request, _: str) -> Response:
        """Make a key and return the links that it opens, once."""
        if not caller_named(request.headers.get("x-clawcortex-caller", "")).trusted:
            raise DeniedError("a link to the page is for the owner only")
        places = await self.pools.operations.submit(partial(_places, self.residence.settings.listen))
        key = self.door.key()
        return JSONResponse(
            {"links": [f"{place}?key={key}" for place in places], "minutes": int(KEY_S // 60)}
        )

    async def browse(self, request: Request, request_id: str) -> Response:
        """Let a browser in, show it the page, or do what was pressed there."""
        try:
            if request.method == "GET" and "key" in request.query_params:
                return _signed_in(
                    self.door.enter(request.query_params["key"]), secure=await self._secure(request)
                )
            session = self.door.session(request.cookies.get(COOKIE, ""))
            if request.method == "GET":
                return await self._shown(request, request_id, session)
            await self._press(await _form(request), session, request_id)
        except ClawcortexError as error:
            return Response(rendering.closed(error), error.status, rendering.headers(), HTML)
        return Response(status_code=303, headers={"location": "page", **rendering.headers()})

    async def _shown(self, request: Request, request_id: str, session: Session | None) -> Response:
        words = request.query_params.get("q", "").strip()
        show = partial(self._show, words, session, request_id)
        return Response(await self.pools.operations.submit(show), 200, rendering.headers(), HTML)

    def _show(self, words: str, session: Session | None, request_id: str) -> bytes:
        opened = self.residence.opened()
        view = View(opened, self.house, self.calls, request_id)
        return rendering.page(
            view.parts(),
            view.found(words) if words else (),
            local=view.local,
            words=words,
            csrf=session.csrf if session else "",
            said=self.door.take_said(session) if session else "",
        )

    async def _press(self, form: Mapping[str, str], session: Session, request_id: str) -> None:
        if not session.is_form(form.get("csrf", "")):
            raise DeniedError("this form is not of this page", hint="Load the page again, and press there.")

        def run() -> str:
            return press(self.residence.opened(), self.house, self.calls, form, request_id)

        try:
            session.said = await self.pools.long.submit(run)
        except ClawcortexError as error:
            session.said = f"{error.message}. {error.hint}"

    async def _secure(self, request: Request) -> bool:
        """Return whether the browser speaks TLS: with our own listener, or with the gateway."""
        if request.url.scheme == "https":
            return True
        from clawcortex.openclaw.signed import last_seen

        seen = await self.pools.operations.submit(last_seen)
        return seen is not None and seen.tls


def _places(listen: str) -> list[str]:
    from clawcortex.openclaw.signed import START, last_seen

    seen = last_seen()
    places = [f"{'https' if seen.tls else 'http'}://127.0.0.1:{seen.port}/clawcortex/page"] if seen else []
    if listen:
        places.append(f"https://{listen}/page")
    if not places:
        raise HostError("no gateway of OpenClaw has been seen yet, and `listen` is not set", hint=START)
    return places


def _signed_in(session: Session, *, secure: bool) -> Response:
    """Return the redirect that takes the key out of the address bar."""
    answer = Response(status_code=303, headers={"location": "page", **rendering.headers()})
    answer.set_cookie(
        COOKIE,
        session.token,
        max_age=int(SESSION_S),
        path=None,
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    return answer


async def _form(request: Request) -> dict[str, str]:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MOST_FORM:
            raise TooLargeError(f"the form is over {MOST_FORM:,} bytes")
    try:
        return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100))
    except ValueError as error:
        raise InputError(f"the form cannot be read: {error}", hint="Load the page again.") from error
