#!/usr/bin/env bash
# Finds the Pythons of this machine. A name on PATH proves nothing (a pyenv shim may refuse to run), so each is run.
# usage: tools/python.sh choose [NAME]   prints the interpreter to build for: NAME, else that of .venv, else the newest
#        tools/python.sh each            prints one interpreter for each supported minor version that is here
set -u
cd "$(dirname "$0")/.." || exit 1
supported="3.13 3.12 3.11"

die() { echo "$1" >&2; exit 1; }

# Prints "VERSION EXECUTABLE PROBLEM", with "-" for no problem; fails where the candidate doesn't run.
probe() {
  "$1" -c '
import sys

def problem():
    if sys.version_info < (3, 11):
        return "old"
    import importlib.util, os, sysconfig
    if sys.implementation.name != "cpython":
        return "implementation"
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        return "headers"
    if importlib.util.find_spec("ensurepip") is None:
        return "ensurepip"
    return "-"

version = "%d.%d.%d" % sys.version_info[:3]
sys.stdout.write("\t".join([version, getattr(sys, "_base_executable", sys.executable), problem()]))
' </dev/null 2>/dev/null
}

# Says in one line why a candidate is of no use, and what to do.
explain() { # NAME VERSION PROBLEM
  local minor=${2%.*}
  case $3 in
    implementation) echo "$1 is not CPython: rondel needs CPython 3.11 or newer" ;;
    old) echo "$1 is Python $2: rondel needs 3.11 or newer (say which with PYTHON=python3.12)" ;;
    headers) echo "missing: the headers (Python.h) of $1: install them (Debian, Ubuntu: apt install python$minor-dev)" ;;
    ensurepip) echo "missing: ensurepip of $1, needed for virtual environments: install it (Debian, Ubuntu: apt install python$minor-venv)" ;;
  esac
}

# Every program of this name: first those on PATH, then those of pyenv, newest first.
candidates() { # NAME
  type -ap "$1" 2>/dev/null
  ls -1d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/"$1" 2>/dev/null | sort -rV
}

# Prints the first usable interpreter of this name; else leaves the reason in $reason.
find_usable() { # NAME
  local candidate found version executable problem
  while read -r candidate; do
    found=$(probe "$candidate") || continue
    IFS=$'\t' read -r version executable problem <<<"$found"
    if [ "$problem" = - ]; then
      usable=$executable
      return 0
    fi
    [ -n "$reason" ] || reason=$(explain "$1" "$version" "$problem")
  done < <(candidates "$1")
  return 1
}

choose() {
  local name found
  reason=
  if [ -n "${1:-}" ]; then
    name=$1
    [[ $name =~ ^3\.[0-9]+$ ]] && name=python$name
    find_usable "$name" && { echo "$usable"; return; }
    die "${reason:-PYTHON=$1: no such Python that runs; give a name such as python3.12, or a path}"
  fi
  if [ -x .venv/bin/python ] && found=$(probe .venv/bin/python) && [[ $found == *$'\t'- ]]; then
    cut -f2 <<<"$found"
    return
  fi
  for name in $(printf 'python%s ' $supported) python3; do
    find_usable "$name" && { echo "$usable"; return; }
  done
  die "${reason:-missing: Python 3.11 or newer: install it with its headers (Debian, Ubuntu: apt install python3-dev python3-venv)}"
}

each() {
  local minor
  for minor in $supported; do
    reason=
    if find_usable "python$minor"; then echo "$usable"; elif [ -n "$reason" ]; then echo "left out: $reason" >&2; fi
  done
}

case ${1:-} in
  choose) choose "${2:-}" ;;
  each) each ;;
  *) die "usage: tools/python.sh choose [NAME] | each" ;;
esac
