#!/usr/bin/env bash
# Runs the Python suite on the chosen interpreter, then on every other supported one that this machine has.
# usage: tools/test-python.sh [PYTEST ARGUMENT...]   with PYTHON=NAME as in tools/python.sh, ONLY=1 for the chosen one alone
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
summary=() status=0

# One line out of the report that pytest leaves behind.
counts() { # REPORT
  "$1" - "$2" <<'PY'
import sys
import xml.etree.ElementTree as ET

suite = ET.parse(sys.argv[1]).getroot().find("testsuite")
total, failed, errors, skipped = (int(suite.get(k)) for k in ("tests", "failures", "errors", "skipped"))
print(f"{total - failed - errors - skipped} passed, {failed + errors} failed, {skipped} skipped in {float(suite.get('time')):.0f} s")
PY
}

run() { # DIR PYTHON PYTEST-ARGUMENT...
  local dir=$1 python=$2 report=$PWD/$1/.report.xml line
  shift 2
  if tools/venv.sh "$dir" "$python" rondel test; then
    rm -f "$report"
    echo "==> $dir: pytest on $("$python" --version)"
    "$dir/bin/python" -m pytest -n 2 --dist worksteal --junit-xml="$report" "$@" || status=1
    line=$(counts "$python" "$report" 2>/dev/null) || line="pytest ended without a report"
  else
    status=1 line="could not be built"
  fi
  summary+=("$("$python" --version) ($dir): $line")
}

# The tests of the bench run it, and would wait for its compiler.
cargo build --release --locked --quiet --manifest-path benches/load/Cargo.toml || exit 1
chosen=$(tools/python.sh choose "${PYTHON:-}") || exit 1
minor() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }
run .venv "$chosen" "$@"
if [ -z "${ONLY:-}" ]; then
  for python in $(tools/python.sh each); do
    [ "$(minor "$python")" = "$(minor "$chosen")" ] || run ".venv-$(minor "$python")" "$python" "$@"
  done
fi

echo
printf '%s\n' "${summary[@]}"
exit $status
