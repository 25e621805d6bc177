"""The vectors of the model in use, dropped and made again."""

from __future__ import annotations

from clawcortex.skills.context import Context
from clawcortex.store.progress import told
from context_retention.shapes import Reembedded


def progress(context: Context) -> str:
    """Return how far a change of the model is, "" when there is none."""
    target = context.resources.target
    if target is None:
        return ""
    return told(context.store, context.index.view(), context.embedder.model, target.model)


def restart(context: Context) -> Reembedded:
    """Drop the vectors of the model that all is embedded with; the worker makes them again."""
    model = (context.resources.target or context.embedder).model
    dropped = context.store.drop_vectors(model)
    if context.index.model == model:
        context.index.rebuild()
    context.store.audit(context.caller.actor, "reembed", model, {"dropped": dropped})
    context.resources.wake()
    return Reembedded(model=model, dropped=dropped, waiting=context.store.count())
