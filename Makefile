# What each target does stands in tools/; here is only what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
export PYTHON

# The interpreter to build for: what PYTHON names, else that of .venv, else the newest of this machine.
choose = python=$$(tools/python.sh choose "$$PYTHON")

# Two targets at once would build the same environment twice.
.NOTPARALLEL:
.PHONY: help demo test test-rust test-python test-downstream test-memory fuzz soak conformance methods build lint bench bench-guard clean

help: ## show this list
	@echo "rondel: an asyncio event loop whose engine is written in Rust"
	@echo
	@sed -n 's/^\([a-z-]*\):.* ## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-21s %s\n", $$1, $$2 }'
	@echo
	@echo "PYTHON=python3.12 chooses the interpreter (3.11 or newer). ARGS='...' goes to pytest, the demo or the bench."
	@echo "Each target sets up what it needs, in .venv* and target/."

demo: ## real programs on asyncio and on rondel, side by side, in under a minute
	@tools/need.sh git cc cargo && $(choose) && tools/venv.sh .venv "$$python" rondel demo && .venv/bin/python -m demo $(ARGS)

test: ## all tests; the Python suite on each of 3.11, 3.12, 3.13 that is here
	@tools/need.sh git cc cargo && $(choose) && tools/test-rust.sh && tools/test-python.sh $(ARGS)

test-rust: ## the Rust tests alone
	@tools/need.sh git cc cargo && tools/test-rust.sh

test-python: ## the Python suite alone; ONLY=1 for the chosen interpreter alone
	@tools/need.sh git cc cargo && tools/test-python.sh $(ARGS)

test-downstream: ## real packages on rondel: aiohttp, uvicorn, asyncpg with a PostgreSQL, ...
	@tools/need.sh git cc cargo && $(choose) && tools/test-downstream.sh "$$python" $(ARGS)

test-memory: ## the tests of the loop again, under the address sanitizer
	@tools/need.sh git cc cargo && tools/test-memory.sh $(ARGS)

fuzz: ## each fuzz target for a minute; SECONDS=10 for another time, ARGS='engine' for one target
	@tools/need.sh git c++ cargo && tools/fuzz.sh $(or $(SECONDS),60) $(ARGS)

soak: ## all that a loop can do, at random, for ten minutes; SECONDS=120 for another time, ARGS='--seed 7'
	@tools/need.sh git cc cargo && $(choose) && tools/venv.sh .venv "$$python" rondel && \
	  .venv/bin/python -m soak --seconds $(or $(SECONDS),600) $(ARGS)

build: ## install the release build into .venv
	@tools/need.sh git cc cargo && $(choose) && tools/venv.sh .venv "$$python" rondel && \
	  echo "rondel is in .venv ($$(.venv/bin/python --version)): .venv/bin/python -m rondel PROGRAM.py"

lint: ## formatting, clippy, types, and the rules of ARCHITECTURE.md
	@tools/need.sh git cc cargo rustfmt clippy && tools/lint.sh

conformance: ## CPython's and uvloop's own tests on rondel, on each Python; writes docs/conformance.md
	@tools/need.sh git cc cargo && tools/conformance.sh $(ARGS)

methods: ## write docs/methods.md: which test passes which argument to which method, on each Python
	@tools/need.sh git cc cargo && tools/methods.sh $(ARGS)

bench: ## measure rondel against its peers and write the figures into README.md
	@tools/need.sh git cc cargo && $(choose) && tools/venv.sh .venv-bench "$$python" rondel bench && \
	  tools/peers.sh .venv-bench && .venv-bench/bin/python -m benches $(ARGS)

bench-guard: ## count instructions, allocations and system calls; fails where one rose. ARGS=--accept takes them as they are
	@tools/need.sh git cc cargo valgrind strace && $(choose) && tools/venv.sh .venv "$$python" rondel demo && \
	  .venv/bin/python -m benches.guard $(ARGS)

clean: ## remove everything that was built or installed here
	rm -rf .venv .venv-* target fuzz/target benches/load/target dist .pytest_cache .mypy_cache .ruff_cache python/rondel/*.so
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
