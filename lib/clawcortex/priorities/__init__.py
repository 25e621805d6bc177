"""PRIORITIES.md, which a person and agents write together: parsed, merged, rendered, written.

records.py     what stands in it: Priority, Action; what of a text is kept
parsing.py     lines into items, every line kept as it is
rendering.py  items into lines
identity.py   whether two wordings name one task
meaning.py    what is meant by what is said: which item, a deleted one, a new one
ledger.py     what agents said before, item by item
merging.py    three ways, field by field: said before, the file now, said now
drafting.py   lines changed in place, the others byte for byte
undoing.py    one write taken back
reading.py    the file from disk, not while an editor saves it
keeping.py    the state folder: the ledger, the history
writing.py    the file to disk: update, undo; top
swapping.py   the one moment in which an editor may save too
"""

from clawcortex.priorities.identity import Alike
from clawcortex.priorities.keeping import Version, history
from clawcortex.priorities.merging import Merge, merge
from clawcortex.priorities.parsing import Document, parse
from clawcortex.priorities.reading import read
from clawcortex.priorities.records import Action, Conflict, Priority
from clawcortex.priorities.rendering import brief, render
from clawcortex.priorities.writing import Update, top, undo, update

__all__ = [
    "Action",
    "Alike",
    "Conflict",
    "Document",
    "Merge",
    "Priority",
    "Update",
    "Version",
    "brief",
    "history",
    "merge",
    "parse",
    "read",
    "render",
    "top",
    "undo",
    "update",
]
