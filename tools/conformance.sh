#!/usr/bin/env bash
# Runs the suites of CPython and uvloop on rondel, on every supported Python that this machine has.
# usage: tools/conformance.sh [ARGUMENT of tests/conformance...]   with PYTHON=NAME as in tools/python.sh, ONLY=1 for that one alone
set -euo pipefail
cd "$(dirname "$0")/.."

chosen=$(tools/python.sh choose "${PYTHON:-}")
minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
pythons=()
add() { # DIR PYTHON
  tools/venv.sh "$1" "$2" rondel test conformance
  pythons+=("$PWD/$1/bin/python")
}
add .venv "$chosen"
if [ -z "${ONLY:-}" ]; then
  for python in $(tools/python.sh each); do
    [ "$(minor "$python")" = "$(minor "$chosen")" ] || add ".venv-$(minor "$python")" "$python"
  done
fi
# Nothing of another rondel may get in.
unset PYTHONPATH
exec .venv/bin/python tests/conformance "${pythons[@]}" "$@"
