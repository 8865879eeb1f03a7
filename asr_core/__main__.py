"""`python -m asr_core` is the command `sottovoce`."""

import sys

from asr_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
