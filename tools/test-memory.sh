#!/usr/bin/env bash
# Runs the tests of the loop on a build with the address sanitizer: memory that is used after it was freed, or outside of what
# was allocated, fails them. Objects of Python count too, as each is an allocation of its own (PYTHONMALLOC).
# usage: tools/test-memory.sh [PYTEST ARGUMENT...]   with PYTHON=NAME as in tools/python.sh
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(tools/python.sh choose "${PYTHON:-}")
target=${CARGO_TARGET_DIR:-target}/asan
host=$(rustc -vV | sed -n 's/^host: //p')

# Python is not built with the sanitizer, so that its runtime has to be there before Python starts.
find_runtime() {
  local name path
  for name in libasan.so "libclang_rt.asan-$(uname -m).so"; do
    path=$(cc -print-file-name="$name")
    [ "$path" = "$name" ] || { echo "$path"; return; }
  done
  echo "missing: the address sanitizer's runtime: install it (Debian, Ubuntu: apt install gcc; Fedora: dnf install libasan)" >&2
  return 1
}
runtime=$(find_runtime)

tools/venv.sh .venv "$python" test
echo "==> building rondel with the address sanitizer for $("$python" --version)"
# RUSTC_BOOTSTRAP opens the sanitizer to the stable compiler.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address PYO3_PYTHON=$python CARGO_TARGET_DIR=$target \
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  cargo build --quiet --release --locked --target "$host" -p rondel-python
built=$target/$host/release/lib_rondel.so
# In a file, as grep would close the pipe before nm is through.
nm -D "$built" >"$target/symbols"
grep -q __asan_report_load "$target/symbols" || { echo "$built: the compiler left the sanitizer out" >&2; exit 1; }

# The package, with this build in place of the usual one.
package=$(realpath "$target")/package
rm -rf "$package"
mkdir -p "$package/reports"
cp -rs "$PWD/python/rondel" "$package/"
rm -f "$package"/rondel/*.so
cp "$built" "$package/rondel/_rondel$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')"

# detect_leaks: what Python keeps until its end would count as leaked. allocator_may_return_null: to ask for too much memory is
# a MemoryError, as it is without the sanitizer. log_path: a child's report is seen, too.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:log_path=$package/reports/asan
export LD_PRELOAD=$runtime PYTHONMALLOC=malloc PYTHONPATH=$package RONDEL_TEST_ONLY=rondel
.venv/bin/python -c "import rondel, sys; sys.exit(not rondel.__file__.startswith('$package'))"
status=0
# Left out is what runs whole programs, and what sends much through another server: they do nothing to memory that the tests of
# their parts don't. And tests of how much memory is held: the sanitizer holds on to what is freed.
.venv/bin/python -m pytest -n 2 --dist worksteal -q \
  --ignore-glob='*/test_'{bench_guard,benches,benches_'*',cli,cli_'*',conformance'*',demo,examples,install,modes,programs,soak}.py \
  --ignore-glob='*/test_http_'{guide,nginx,programs}.py \
  --deselect tests/defects/test_tls.py::test_tls_memory_stays_flat_under_load \
  --deselect tests/test_bulk.py::test_kept_messages_hold_no_more_than_their_size "$@" || status=$?
unset LD_PRELOAD
# A warning alone says that somebody asked for too much.
if grep -rl 'ERROR: AddressSanitizer' "$package/reports" >"$target/failed"; then
  xargs head -n 60 <"$target/failed"
  exit 1
fi
exit $status
