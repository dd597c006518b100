#!/usr/bin/env bash
# Says what this machine lacks, one line each with what to install, and fails; silent where nothing is missing.
# usage: tools/need.sh git cc cargo rustfmt clippy ...
set -u
cd "$(dirname "$0")/.." || exit 1
missing=0

lacks() { # WHAT INSTALL
  echo "missing: $1: $2" >&2
  missing=1
}

check_cargo() {
  local version wanted
  if ! version=$(cargo --version 2>/dev/null); then
    lacks cargo "install Rust from https://rustup.rs (or your system's packages cargo and rustc)"
    return
  fi
  if ! rustc --version >/dev/null 2>&1; then
    lacks rustc "install Rust from https://rustup.rs (or your system's package rustc)"
    return
  fi
  version=$(echo "$version" | cut -d' ' -f2)
  wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  if [ "$(printf '%s\n' "$wanted" "${version%%-*}" | sort -V | head -n 1)" != "$wanted" ]; then
    lacks "cargo $wanted or newer (found $version)" "run 'rustup update', or install Rust from https://rustup.rs"
  fi
}

for tool in "$@"; do
  case $tool in
    cargo) check_cargo ;;
    cc) command -v cc >/dev/null || lacks "a C compiler (cc)" "install gcc or clang (Debian, Ubuntu: apt install build-essential)" ;;
    c++) command -v c++ >/dev/null || lacks "a C++ compiler (c++)" "install g++ or clang (Debian, Ubuntu: apt install g++)" ;;
    git) command -v git >/dev/null || lacks git "install git (Debian, Ubuntu: apt install git)" ;;
    valgrind) command -v valgrind >/dev/null || lacks valgrind "install it with its headers (Debian, Ubuntu: apt install valgrind; Fedora: dnf install valgrind-devel)" ;;
    strace) command -v strace >/dev/null || lacks strace "install strace (Debian, Ubuntu: apt install strace)" ;;
    rustfmt) cargo fmt --version >/dev/null 2>&1 || lacks rustfmt "run 'rustup component add rustfmt' (Debian, Ubuntu: apt install rustfmt)" ;;
    clippy) cargo clippy --version >/dev/null 2>&1 || lacks clippy "run 'rustup component add clippy' (Debian, Ubuntu: apt install rust-clippy)" ;;
    *) echo "need.sh: unknown tool $tool" >&2; exit 2 ;;
  esac
done
exit $missing
