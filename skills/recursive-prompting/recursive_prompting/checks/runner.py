"""Run in a confined process: compile the answer, then run its tests; the proof is written when all went well."""

import sys
import traceback
import unittest
from pathlib import Path
from types import ModuleType


def main() -> None:
    """Load answer.py as the module `answer`, then run tests.py with its names."""
    proof = sys.argv.pop()
    compiled = compile(Path("answer.py").read_text(encoding="utf-8"), "answer.py", "exec")
    wanted = Path("tests.py").read_text(encoding="utf-8")
    if wanted.strip():
        answer = ModuleType("answer")
        sys.modules["answer"] = answer
        exec(compiled, answer.__dict__)  # noqa: S102 - this is what the process is confined for
        tests = ModuleType("tests")
        tests.__dict__.update({name: part for name, part in vars(answer).items() if name != "__name__"})
        known = set(vars(tests))
        exec(compile(wanted, "tests.py", "exec"), tests.__dict__)  # noqa: S102 - as above
        for name in [name for name in vars(tests) if name not in known]:
            part = getattr(tests, name)
            if isinstance(part, type) and issubclass(part, unittest.TestCase):
                for problem in run_case(part):
                    raise AssertionError(problem)
            elif name.startswith("test_") and callable(part):
                part()
    sys.stdout.write(f"\n{proof}\n")


def run_case(case: type[unittest.TestCase]) -> list[str]:
    """Return what a TestCase found wrong."""
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return [trace for _, trace in (*result.errors, *result.failures)]


try:
    main()
except BaseException:  # noqa: BLE001 - also SystemExit: an answer that ends the process has not passed
    traceback.print_exc(limit=-2)
    sys.exit(1)
