#!/usr/bin/env bash
# Makes a virtual environment and brings it up to date; does nothing where there is nothing to do.
# usage: tools/venv.sh DIR PYTHON [NAME...]   installs requirements/NAME.txt for each NAME;
#                                             the NAME `rondel` stands for the project itself, built for release
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1 python=$2
shift 2

say() { echo "==> $dir: $*"; }

# What is installed is known by copies and stamps inside the environment, so they vanish with it.
create() {
  if [ -x "$dir/bin/python" ] && [ "$(cat "$dir/.made-by" 2>/dev/null)" = "$python" ] && "$dir/bin/python" -c '' 2>/dev/null; then
    return
  fi
  if [ -e "$dir" ] && [ ! -e "$dir/.made-by" ]; then
    echo "$dir is not of make's making: move it away or remove it, then try again" >&2
    exit 1
  fi
  say "new virtual environment with $("$python" --version)"
  rm -rf "$dir"
  mkdir "$dir"
  echo unfinished >"$dir/.made-by"
  "$python" -m venv "$dir"
  echo "$python" >"$dir/.made-by"
}

install_requirements() { # NAME
  local pinned=requirements/$1.txt quiet=
  cmp -s "$pinned" "$dir/.installed-$1" && return
  say "installing $(grep -c '==' "$pinned") packages of $pinned"
  [ -t 1 ] || quiet=--quiet
  "$dir/bin/python" -m pip install $quiet --disable-pip-version-check --no-input --require-hashes -r "$pinned"
  cp "$pinned" "$dir/.installed-$1"
}

# True where a source is newer than the last build. Python files need none: the install is an editable one.
# Directories count too: their time changes when a file in them is removed.
stale() {
  [ -e "$dir/.built" ] && "$dir/bin/python" -c 'import rondel._rondel' 2>/dev/null || return 0
  [ -n "$(find crates Cargo.toml Cargo.lock pyproject.toml requirements/build.txt -newer "$dir/.built" \
    \( -type d -o -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.txt' \) -print | head -n 1)" ]
}

build_rondel() {
  local builder
  stale || return 0
  tools/need.sh cc cargo
  # maturin builds for any interpreter: its own environment stays as it is when another one is chosen.
  builder=$(cat .venv-build/.made-by 2>/dev/null) && [ -x "$builder" ] || builder=$python
  tools/venv.sh .venv-build "$builder" build
  touch "$dir/.building"
  # One target directory for all interpreters: what knows nothing of Python, which is most of it, is compiled once.
  say "building rondel for $("$python" --version) (release)"
  VIRTUAL_ENV=$PWD/$dir CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/python .venv-build/bin/maturin develop --release
  mv "$dir/.building" "$dir/.built"
}

create
for name in "$@"; do
  if [ "$name" = rondel ]; then build_rondel; else install_requirements "$name"; fi
done
