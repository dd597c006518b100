#!/usr/bin/env bash
# Runs tests/downstream on one interpreter, in an environment of its own: real packages, and servers started by the tests.
# usage: tools/test-downstream.sh PYTHON [PYTEST ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
shift
tools/venv.sh .venv-downstream "$python" rondel downstream
exec .venv-downstream/bin/python -m pytest -n 2 --dist loadfile tests/downstream "$@"
