#!/usr/bin/env bash
# Builds the fuzz targets and runs each for some seconds; fails at the first input that breaks one, and says how to run it again.
# usage: tools/fuzz.sh SECONDS [TARGET...]   all targets of fuzz/Cargo.toml where none is named
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
time=$1
shift
[[ $time =~ ^[1-9][0-9]*$ ]] || { echo "SECONDS=$time: give a number of seconds for each target, such as 60" >&2; exit 2; }

all=$(sed -n '/^\[\[bin\]\]/,/^name/s/^name = "\(.*\)"/\1/p' Cargo.toml)
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets <<<"$all"
for target in "${targets[@]}"; do
  grep -qx -- "$target" <<<"$all" || { echo "$target: no such target; there are" $all >&2; exit 2; }
done

# What `cargo fuzz build` passes to the compiler. Called directly, it needs no nightly toolchain and no other program:
# RUSTC_BOOTSTRAP opens the sanitizer to the stable compiler.
flags=(
  -Zsanitizer=address -Cpasses=sancov-module -Ccodegen-units=1 -Cdebug-assertions --cfg=fuzzing
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
)
host=$(rustc -vV | sed -n 's/^host: //p')
echo "==> building ${#targets[@]} fuzz targets"
RUSTC_BOOTSTRAP=1 RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target} \
  cargo build --quiet --release --locked --target "$host" "${targets[@]/#/--bin=}"

for target in "${targets[@]}"; do
  mkdir -p "corpus/$target" "artifacts/$target"
  log=artifacts/$target/log
  echo "==> $target: $time s"
  # A time limit of its own: an input that takes 10 s counts as one that hangs.
  if ! "${CARGO_TARGET_DIR:-target}/$host/release/$target" -max_total_time="$time" -timeout=10 -print_final_stats=1 \
    -artifact_prefix="artifacts/$target/" "corpus/$target" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "$target failed. The input is in fuzz/artifacts/$target; to run it again:" \
      "cd fuzz && ${CARGO_TARGET_DIR:-target}/$host/release/$target artifacts/$target/FILE"
    exit 1
  fi
  sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/    \1 inputs in \2 s, none of them broke it/p' "$log"
done
