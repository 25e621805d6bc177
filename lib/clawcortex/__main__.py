"""`python -m clawcortex`."""

import sys

from clawcortex.cli import main

if __name__ == "__main__":
    sys.exit(main())
