"""Run in a confined process: compare answer.json with schema.json; nothing is fetched."""

import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

BAD_SCHEMA = 3


def main() -> str:
    """Return what is wrong with the answer, "" when it fits."""
    schema = json.loads(Path("schema.json").read_text(encoding="utf-8"))
    answer = json.loads(Path("answer.json").read_text(encoding="utf-8"))
    try:
        Draft202012Validator.check_schema(schema)
        error = best_match(Draft202012Validator(schema, registry=Registry()).iter_errors(answer))
    except (SchemaError, Unresolvable, RecursionError) as fault:
        sys.stdout.write(f"{type(fault).__name__}: {str(fault).splitlines()[0]}\n")
        sys.exit(BAD_SCHEMA)
    if error is None:
        return ""
    where = "".join(f"[{part!r}]" for part in error.absolute_path)
    return f"{where or 'the whole'}: {error.message}"[:500]


said = main().replace("\n", " ")
sys.stdout.write(said + "\n")
sys.exit(1 if said else 0)
