"""`python -m benches`."""

import importlib.util
import os
import sys


def main() -> int:
    if sys.platform != "linux":
        print("the bench needs Linux: it reads /proc and pins processes to cores", file=sys.stderr)
        return 2
    if importlib.util.find_spec("rich") is None:
        print("the bench needs rich; `make bench` installs it", file=sys.stderr)
        return 2
    from benches import cli

    return cli.main()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # so early that nothing had been started
        sys.exit(130)
    except BrokenPipeError:  # whoever read our output has left; what is buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
