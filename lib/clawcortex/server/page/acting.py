"""A button that was pressed: what it offers is looked up anew, then done as the owner, and written into the audit."""

from __future__ import annotations

from collections.abc import Mapping

from clawcortex.errors import ClawcortexError, ConflictError, DeniedError, InputError
from clawcortex.server.calls import Calls
from clawcortex.server.page.house import House
from clawcortex.server.page.view import OWNER, Offer, View
from clawcortex.server.resources import Opened

ASKED = "ask."
"""Begins the names of fields that the person fills in."""


def press(opened: Opened, house: House, calls: Calls, form: Mapping[str, str], request_id: str) -> str:
    """Do what a form's button offers and return what to tell; only what the page offers at this moment is done."""
    offer = _offered(View(opened, house, calls, request_id), form)
    owner, _, panel = offer.place.rpartition(".")
    if owner == house.name:
        return house.acts[offer.act.operation]()
    operation = opened.registry.operation(owner, offer.act.operation)
    if operation.effect == "destroy":
        raise DeniedError(
            f"{owner} {operation.name} destroys: no page does that", hint="Use the command line."
        )
    filled = {name: form.get(f"{ASKED}{name}", "") for name in offer.act.asks}
    empty = [label for name, label in offer.act.asks.items() if not filled[name].strip()]
    if empty:
        raise InputError(f"{offer.act.label}: {empty[0]} is empty", hint="Fill it in.")
    outcome = "error"
    try:
        calls.run(
            opened.registry.skills[owner], operation, {**offer.act.arguments, **filled}, OWNER, request_id
        )
        outcome = "ok"
    except ClawcortexError as error:
        outcome = error.code
        raise
    finally:
        details = {"panel": panel, "arguments": dict(offer.act.arguments), "outcome": outcome}
        opened.resources.store.audit(OWNER.actor, f"page {owner}.{operation.name}", panel, details)
    return f"{offer.act.label}: done."


def _offered(view: View, form: Mapping[str, str]) -> Offer:
    part = view.part(form.get("place", ""))
    offers = part.offers() if part else ()
    found = next((one for one in offers if one.id == form.get("offer")), None)
    if found is None:
        raise ConflictError(
            "this is not offered any more", hint="Somebody was faster; the page is up to date now."
        )
    return found
