#!/usr/bin/env bash
# Writes docs/methods.md: runs the suite on rondel, on each of 3.11, 3.12, 3.13, and writes down which test passes which argument.
# usage: tools/methods.sh [PYTEST ARGUMENT...]   with PYTHON=NAME as in tools/python.sh
set -euo pipefail
cd "$(dirname "$0")/.."

chosen=$(tools/python.sh choose "${PYTHON:-}")
minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
records=.cache/methods
rm -rf "$records"
record() { # DIR PYTHON PYTEST-ARGUMENT...
  local dir=$1 python=$2
  shift 2
  tools/venv.sh "$dir" "$python" rondel test
  echo "==> $dir: recording on $("$python" --version)"
  # What fails shows in `make test`; here it only leaves nothing behind.
  PYTHONPATH=tests RONDEL_TEST_ONLY=rondel "$dir/bin/python" -m pytest --quiet --no-summary -n 2 \
    -p method_table.recorder --record-calls "$records" "$@" || true
}

record .venv "$chosen" "$@"
for python in $(tools/python.sh each); do
  [ "$(minor "$python")" = "$(minor "$chosen")" ] || record ".venv-$(minor "$python")" "$python" "$@"
done
PYTHONPATH=tests .venv/bin/python -m method_table "$records"
