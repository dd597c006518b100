"""`python -m benches.guard`."""

import sys

from benches.guard import cli

if __name__ == "__main__":
    try:
        sys.exit(cli.main())
    except KeyboardInterrupt:
        sys.exit(130)
