"""`python -m soak`."""

import sys

from soak import cli

if __name__ == "__main__":
    sys.exit(cli.main())
