#!/usr/bin/env bash
# For a machine that is there to be changed, such as one of CI: installs what is missing of these packages, where apt-get and
# the right to use it are there. Else it changes nothing: what needs them says what to install.
# usage: tools/provide.sh valgrind strace ...   each is a package of Debian that has a program of its name
set -uo pipefail

missing=()
for package in "$@"; do
  command -v "$package" >/dev/null || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "missing: ${missing[*]}; left to you, as this is no root with apt-get" >&2
  exit 0
fi
echo "==> installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"
