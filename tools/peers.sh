#!/usr/bin/env bash
# Installs the peers of requirements/peers.txt, each by itself: one that has no build for this Python or this machine is
# named, and the others are installed all the same. The bench shows which are not there.
# usage: tools/peers.sh DIR   the virtual environment, as tools/venv.sh made it
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1

# The lines of one package: `name==version`, its marker and its hashes.
pinned() { # NAME
  awk -v name="$1" '/^[^ #]/ { ours = index($0, name "==") == 1 } /^ *#/ { next } ours' requirements/peers.txt
}

for name in $(sed -n 's/^\([a-z0-9_.-]*\)==.*/\1/p' requirements/peers.txt); do
  wanted=$(pinned "$name")
  [ "$(cat "$dir/.installed-peer-$name" 2>/dev/null)" != "$wanted" ] || continue
  file=$dir/.peer.txt
  echo "$wanted" >"$file"
  echo "==> $dir: installing ${wanted%% *}"
  # Built ones alone: what a peer needs to be built is no matter of this bench.
  if "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    --require-hashes -r "$file" && "$dir/bin/python" -m pip show --quiet "$name" 2>/dev/null; then
    echo "$wanted" >"$dir/.installed-peer-$name"
  else
    echo "==> $dir: $name does not install here: the bench goes without it" >&2
  fi
done
