"""The pipeline's part of the status page: the list as it stands."""

from __future__ import annotations

from clawcortex.skills.context import Context
from clawcortex.skills.panel import Act, Row, Table, panel
from voice_pipeline import listing

MOST = 20


@panel("priorities", "Priorities")
def open_priorities(context: Context) -> Table:
    """Show the first open priorities of PRIORITIES.md, in your order."""
    rows = tuple(Row((one.text, one.owner, one.due, one.status)) for one in listing.first(context, MOST))
    writes = listing.steps(context)
    acts = (Act("undo", f"Take back the write of {writes[0].at:%d %B %H:%M:%S}"),) if writes else ()
    return Table(("Priority", "Owner", "Due", "Status"), rows, acts=acts)
