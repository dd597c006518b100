#!/usr/bin/env bash
# Every check that runs no test, the quick ones first.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(tools/python.sh choose "${PYTHON:-}")
bin=.venv-lint/bin
# PyO3's build script asks this interpreter what to build for.
export PYO3_PYTHON=$python

step() {
  local start=$SECONDS
  echo "==> $*"
  "$@"
  [ $((SECONDS - start)) -lt 5 ] || echo "    $((SECONDS - start)) s"
}

step cargo fetch --locked
step cargo fmt --all --check
step cargo fmt --check --manifest-path benches/load/Cargo.toml
step tools/venv.sh .venv-lint "$python" lint
step $bin/ruff check
step $bin/ruff format --check
# The package branches on the version: each branch is checked as the interpreter that takes it would see it.
for version in 3.11 3.12 3.13 3.14; do
  step $bin/mypy --python-version $version
done
step $bin/mypy --strict -p benches
step cargo xtask tidy
step cargo clippy --workspace --all-targets -- -D warnings
step cargo clippy --locked --manifest-path benches/load/Cargo.toml --all-targets -- -D warnings
# The build that the tests use: what is built stands in python/rondel.
step tools/venv.sh .venv "$python" rondel
step env PYTHONPATH=python $bin/python -m mypy.stubtest rondel --allowlist tools/stubtest-allow.txt
echo "lint: all clean"
