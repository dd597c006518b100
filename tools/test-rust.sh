#!/usr/bin/env bash
# Runs the Rust tests: nextest where it is installed, else cargo test; then the examples in the documentation.
set -euo pipefail
cd "$(dirname "$0")/.."
# The Python extension is tested from Python: an extension module leaves Python's symbols to the interpreter that loads
# it, so that a test program of its own would not link.
crates=(--workspace --exclude rondel-python)

if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run "${crates[@]}" "$@"
else
  cargo test "${crates[@]}" --lib --bins --tests --examples "$@"
fi
cargo test "${crates[@]}" --doc
# The load of the bench has a workspace of its own.
cargo test --locked --manifest-path benches/load/Cargo.toml
