"""Refuses a Python that is too old, in one clear line.

Written so that Python 2.7 and every 3.x can parse and run it: imported before all else.
"""

import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    error = ImportError(
        "rondel needs Python %d.%d or newer; this is Python %s (%s)"
        % (OLDEST[0], OLDEST[1], sys.version.split()[0], sys.executable)
    )
    # With the package's own name `python -m rondel` shows the message alone, with no traceback.
    error.name = "rondel"
    raise error
