#!/usr/bin/env bash
# Writes requirements/*.txt from requirements/*.in: exact versions and hashes for every Python from 3.11 on.
# Pass --upgrade to move to newer versions. Needs uv (`pip install uv`).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v uv >/dev/null || { echo "uv is missing: install it with 'pip install uv'" >&2; exit 1; }
# demo comes first, then test: what go into one environment have the same versions of what they share. What is measured is
# what is tested: bench comes after downstream.
for name in demo build test conformance downstream lint bench peers; do
  constraint=
  [ "$name" = test ] && constraint=--constraint=requirements/demo.txt
  [ "$name" = conformance ] || [ "$name" = downstream ] && constraint=--constraint=requirements/test.txt
  [ "$name" = bench ] && constraint=--constraint=requirements/downstream.txt
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
    --custom-compile-command tools/lock.sh ${constraint:+"$constraint"} "$@" \
    "requirements/$name.in" --output-file "requirements/$name.txt"
  echo "requirements/$name.txt: $(grep -c '==' "requirements/$name.txt") packages"
done
