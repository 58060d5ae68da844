# What can be done with the checkout: each target is one call of a script; `make help` lists them.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/narthex
export CARGO_TARGET_DIR ?= $(CACHE)/target

.DEFAULT_GOAL := help
.PHONY: page-busy demo-alert-flink demo-contrast demo-down demo-check package demo-alert bench-shapes soak-event-time contrast latency help demo test fmt lint unit it doc test-java test-flink test-flink-cluster test-flink-throttled soak-flink test-flink-python test-flink-submissions bench-flink native fuzz mutants outage bench-sink bench-sql clean-cache

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# DEMO_ARGS: --vehicles N --rate N --minutes N --engine narthex|flink
demo: ## 100,000 vehicles, raw and as a fleet, into a Prometheus; with a page to look at. Ends after 20 minutes
	@scripts/setup.sh demo && scripts/demo.sh up $(DEMO_ARGS)

demo-contrast: ## Series, samples and bytes a second of the demo that runs, raw and as a fleet
	@scripts/demo.sh contrast

demo-down: ## End the demo; no process and no file of it stays
	@scripts/demo.sh down

demo-check: ## Generated samples with injected errors into a Prometheus: each stored one is compared, and the ledger
	@scripts/setup.sh demo && scripts/demo-check.sh

demo-alert: ## A job is killed, and a webhook hears of it through a real Prometheus and Alertmanager; with the timeline (5 minutes)
	@scripts/setup.sh monitoring && cargo build --quiet -p narthex --no-default-features --bin narthex --example demo_check && \
		tests/monitoring/alert_path.py

demo-alert-flink: ## The same on a Flink cluster: a task manager is killed, its job moves, a webhook hears of it (8 minutes)
	@scripts/setup.sh test && tests/monitoring/flink_alert_path.py

test: ## Everything that CI runs: set-up, style, licences, unit and integration tests, documentation
	@scripts/test.sh

fmt: ## Format the Rust code
	@cargo fmt --all

lint: ## Formatting, clippy, licences and bans, dependency directions, shell scripts
	@scripts/test.sh fmt clippy clippy-small deny deps shell

unit: ## Unit, property and golden tests: no servers
	@scripts/test.sh build unit

it: ## Tests against real servers
	@scripts/test.sh setup build it

test-java: ## The Flink connector on Flink 1.20 and 2.2, with the real servers
	@scripts/test.sh setup java

# FLINK_ARGS for the first script: --seed N --rounds N --seconds N --each N --rows N --topic NAME
test-flink: ## Random data and expressions, and jobs into Prometheus, on narthex and on a real Flink 2.2 side by side (10 minutes)
	@cargo build --workspace
	@tests/flink/random_sql.py --rounds 2 $(FLINK_ARGS)
	@tests/flink/prometheus_twins.py

test-flink-cluster: ## SQL jobs on session clusters of Flink 1.20 and 2.2, into Prometheus 2.42 and 3.x; a task manager is killed (12 minutes)
	@tests/flink/session_cluster.py

test-flink-throttled: ## Checkpoints and cancelling while a receiver throttles for five minutes (12 minutes)
	@scripts/test-java.sh -Dtest=ThrottledCheckpointsTest -Dnarthex.throttle.seconds=300

test-flink-submissions: ## 50 jobs whose jar carries the sink, on one session cluster: nothing of them may stay (7 minutes)
	@tests/flink/submissions.py

test-flink-python: ## The Table API in Python on both lines, with the apache-flink package and a real Prometheus (3 minutes)
	@tests/flink/python_table.py

# A JVM that grows little by itself, so that what the sink leaves can be seen.
SOAK_HEAP := -Xms512m -Xmx512m -XX:+AlwaysPreTouch -XX:+UseSerialGC -XX:TieredStopAtLevel=1
soak-flink: ## 1,000 starts and stops of the sink in one JVM, on both lines: memory, threads and open files (10 minutes)
	@scripts/test-java.sh -Dtest=SoakTest -Dsoak.starts=1000 -Dtest.heap='$(SOAK_HEAP)'

native: ## The connector's native library: release build, glibc 2.28 or newer
	@scripts/native.sh

page-busy: ## The live page in a real browser, while 1,000,000 samples a second pass; release build (5 minutes)
	@scripts/setup.sh test && cargo build --release -p narthex --bin narthex && \
		NARTHEX_BINARY="$(CARGO_TARGET_DIR)/release/narthex" tests/page/page.py --busy

package: ## What is given away: the binary for glibc 2.28 or newer, a Python wheel, manual pages, completions (10 minutes)
	@scripts/package.sh

doc: ## The API documentation, without warnings
	@scripts/test.sh doc

fuzz: ## Each fuzz target for NARTHEX_FUZZ_SECONDS (60); needs cargo-fuzz and a nightly compiler
	@scripts/fuzz.sh

mutants: ## Break each contract of the sink on purpose, one at a time: a test must fail (about an hour)
	@scripts/mutants.py

outage: ## Both Prometheus versions down for 60 s, then throttled for 60 s, under full input (9 minutes)
	@NARTHEX_OUTAGE_SECONDS=60 cargo test -p narthex --test real_prometheus -- --ignored --nocapture killed_and_restarted

bench-sink: ## CPU time per sample and throughput of the sink, beside a bare loop; release build
	@scripts/bench-sink.sh

bench-sql: ## CPU time per event of a job file, beside a real Flink 2.2 with narthex's jar; release build (20 minutes)
	@scripts/bench-sql.sh

bench-shapes: ## CPU time per event of nine stateful jobs, beside a real Flink 2.2; release build (25 minutes)
	@scripts/bench-sql.sh --script shapes.py

soak-event-time: ## Bytes a key, and 48 hours of event time with 1,000,000 keys: memory must stay flat; release build (3 minutes)
	@scripts/bench-sql.sh --without-flink --script memory.py

contrast: ## 100,000 vehicles raw and as a fleet: series, samples, each value counted again; release build (1 minute)
	@scripts/bench-sql.sh --without-flink --script contrast.py

latency: ## From an event in a growing file to its stored sample, at 100,000 events a second; release build (2 minutes)
	@scripts/bench-sql.sh --without-flink --script latency.py

bench-flink: ## CPU time per sample inside Flink 1.20 and 2.2, beside the Apache connector (15 minutes)
	@scripts/bench-flink.sh

clean-cache: ## Remove all that was built and fetched outside the checkout
	rm -rf -- "$(CACHE)"
