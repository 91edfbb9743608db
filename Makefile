# Every target does its own set-up; only Swift has to be there.
SWIFT_FLAGS := --explicit-target-dependency-import-check error
DEBUG := .build/debug/dosette
RELEASE := .build/release/dosette
BROWSER := .build/browser/bin/python

.PHONY: help setup build test lint format demo drill drill-short drill-planted example \
	reliability reliability-ci reliability-long simulate simulate-long planted planted-long model \
	browser-test browser-test-planted console-test demo-console \
	power-loss power-loss-long power-loss-planted disk-shim \
	storage-faults storage-faults-long storage-faults-planted \
	process-death process-death-long process-death-planted \
	intake-storm intake-storm-long intake-storm-planted \
	fuzz fuzz-long fuzz-planted fuzz-libfuzzer audit-check audit-check-long tamper \
	bench bench-short bench-peers ops-check ops-check-planted static static-check http-attack http-attack-planted \
	secret-hunt secret-hunt-planted licences hostile \
	api-check api-check-planted openapi

help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "%-22s %s\n", $$1, $$2 }'

setup: ## Install what a new machine lacks (SQLite's development files)
	@Scripts/setup

build: setup ## Build everything, for debugging
	swift build $(SWIFT_FLAGS)
	swift build $(SWIFT_FLAGS) --build-tests

test: build ## Run all tests, one after the other: each has its own limit on time
	swift test $(SWIFT_FLAGS) --skip-build --no-parallel

lint: ## Check the format of all Swift files
	swift format lint --strict --recursive --parallel Package.swift Sources Tests Examples Workflows Migrations Benchmarks/Package.swift Benchmarks/Sources

format: ## Put all Swift files into the format
	swift format format --in-place --recursive --parallel Package.swift Sources Tests Examples Workflows Migrations Benchmarks/Package.swift Benchmarks/Sources

demo: setup ## Real orders and two crashes, a clinic's side, the console in a browser; over real HTTP
	swift build $(SWIFT_FLAGS) -c release --product dosette
	@if Scripts/browser-setup; then set -- --browser $(BROWSER); fi; $(RELEASE) demo "$$@"

browser-test: build ## The clinic's side in Chromium: with and without script, narrow, dark, side panel
	Scripts/browser-setup
	$(DEBUG) demo --act clinic --browser $(BROWSER) --manners plain no-script narrow dark frame

console-test: build ## A newcomer at the console in Chromium; pictures in .build/console-test
	Scripts/browser-setup
	rm -rf .build/console-test
	$(DEBUG) demo --act console --browser $(BROWSER) --directory .build/console-test

demo-console: setup ## The console with a pharmacy's people and orders, for you to try; until Ctrl-C
	swift build $(SWIFT_FLAGS) -c release --product dosette
	$(RELEASE) demo --act console --stay

browser-test-planted: build ## A configuration that is wrong on purpose must be found
	Scripts/browser-setup
	$(DEBUG) demo --act clinic --browser $(BROWSER) --spoiled

drill: setup ## 500 orders, a storm of faults, 20 SIGKILLs; about six minutes
	swift build $(SWIFT_FLAGS) -c release --product dosette
	$(RELEASE) drill --orders 500 --faults storm --kills 20

drill-short: build ## The same in a minute
	$(DEBUG) drill --orders 60 --faults storm --kills 4 --minutes 5

drill-planted: build ## A blind retry is put in on purpose and must be found
	$(DEBUG) drill --orders 24 --faults storm --kills 1 --minutes 2 --planted-fault blind-retry

process-death: build ## The server dies in every way that a process can; three minutes
	$(DEBUG) death --kills $${DEATH_KILLS:-200} --crash-points $${DEATH_POINTS:-3} --stops 6 --drains 8 \
		--minutes 2.5 --chapter 100

process-death-long: setup ## The same with 10,000 SIGKILLs; hours
	swift build $(SWIFT_FLAGS) -c release --product dosette
	$(RELEASE) death --kills 10000 --crash-points 100 --stops 200 --drains 400 --minutes 1440 \
		--name process-death-long

process-death-planted: build ## Three mistakes that only a death shows must be found
	$(DEBUG) death --planted-fault early-intake --planted-fault early-intent \
		--planted-fault forgotten-attempts --name process-death-planted

intake-storm: build ## 10,000 order documents from 64 connections under SIGKILLs; a minute
	$(DEBUG) storm --orders $${STORM_ORDERS:-10000} --connections 64 --kills 25

intake-storm-long: setup ## 100,000 documents and 200 SIGKILLs
	swift build $(SWIFT_FLAGS) -c release --product dosette
	$(RELEASE) storm --orders 100000 --connections 64 --kills 200 --minutes 60 \
		--name intake-storm-long

intake-storm-planted: build ## An order that is acknowledged too early must be found
	$(DEBUG) storm --orders 500 --connections 64 --kills 4 --planted-fault early-intake \
		--name intake-storm-planted

example: build ## Run the embedding example and compare what it prints
	.build/debug/EmbeddedPharmacy | diff Examples/EmbeddedPharmacy/expected.txt -
	@echo "the example prints what it should"

reliability: build ## All proofs in their short forms, and one table; about 20 minutes
	@Scripts/reliability short

reliability-ci: build ## The same with less of each; about 10 minutes
	@Scripts/reliability ci

reliability-long: build ## All proofs in their long forms; days
	@Scripts/reliability long

simulate: build ## 120 simulated pharmacies, each run twice
	$(DEBUG) simulate --seeds $${SIMULATE_SEEDS:-120} --twice --jobs 2 --seed $${SEED:-1}

simulate-long: setup ## A million of them
	swift build $(SWIFT_FLAGS) -c release --product dosette
	$(RELEASE) simulate --seeds 1000000 --jobs $$(nproc) --seed $${SEED:-1}

planted: build ## Each mistake that is put in on purpose must be found in the seed that found it before
	$(DEBUG) simulate --hunt --known --jobs 2

planted-long: build ## The same from the first seed on, within 5,000
	$(DEBUG) simulate --hunt --seeds 5000 --jobs 2

model: ## Check the model of the effect protocol, whole and with each assumption broken
	@Scripts/check-model

audit-check: build ## Exports are checked by Go and pymerkle, and tampered with: a minute
	@Scripts/audit-check short

audit-check-long: setup ## Every byte of 64 KiB, and 1,000 exports
	@Scripts/audit-check long

api-check: build ## A real server is called in thousands of ways and held against docs/openapi.yaml; a minute or two
	@Scripts/api-check --seed $${SEED:-1}

api-check-planted: build ## A status that is taken out of the description must be found
	@Scripts/api-check --seed $${SEED:-1} --examples 10 --phases examples,fuzzing --planted

openapi: ## Write docs/openapi.yaml into the server
	@Scripts/openapi

FUZZ := .build/debug/dosette-fuzz

fuzz: ## Broken inputs to every parser: 30 s each (small ones 15), two at a time
	swift build $(SWIFT_FLAGS) --product dosette-fuzz
	$(FUZZ) --target all --seconds $${FUZZ_SECONDS:-30} --jobs 2 --seed $${SEED:-1}

fuzz-long: ## The same for twenty minutes each
	swift build $(SWIFT_FLAGS) --product dosette-fuzz
	$(FUZZ) --target all --seconds 1200 --jobs 2 --seed $${SEED:-$$(date +%s)} --name fuzz-long

fuzz-planted: ## Four mistakes that are put in on purpose must be found
	swift build $(SWIFT_FLAGS) --product dosette-fuzz
	$(FUZZ) --target planted --seconds 60 --temporary --must-find --name fuzz-planted

tamper: ## Golden journals changed in every way: how many of the changes a replay finds
	swift build $(SWIFT_FLAGS) --product dosette-fuzz
	$(FUZZ) tamper --limit 40 --seed $${SEED:-1} Tests/DosetteEngineTests/Journals/*.ndjson

fuzz-libfuzzer: setup ## The inner targets under libFuzzer, guided by coverage: 60 s each
	Scripts/fuzz 60

PROOF := .build/debug/dosette-storage-proof

disk-shim: setup
	@Scripts/build-disk-shim
	swift build $(SWIFT_FLAGS) --product dosette-storage-proof

power-loss: disk-shim ## 20,000 disks that a power cut may leave, reopened; two to three minutes
	$(PROOF) power-loss --states $${POWER_STATES:-80000}

power-loss-long: disk-shim ## A million of them; hours
	$(PROOF) power-loss --states 4000000

power-loss-planted: disk-shim ## Stores that break their word are put in on purpose and must be found
	$(PROOF) power-loss --planted synchronous-normal --states 3000
	$(PROOF) power-loss --planted acknowledges-early --states 3000

storage-faults: disk-shim ## Disks that fail at some calls of a run of 50 orders; about three minutes
	$(PROOF) storage-faults --sample $${FAULT_SAMPLE:-3}

storage-faults-long: disk-shim ## Disks that fail at every call of such a run; hours
	$(PROOF) storage-faults --all

storage-faults-planted: disk-shim ## A store that acknowledges what failed must be found
	$(PROOF) storage-faults --planted acknowledges-failures

ops-check: ## Alert rules and a server's page for Prometheus, by promtool (Debian: prometheus)
	swift build $(SWIFT_FLAGS) --product dosette
	Scripts/ops-check

ops-check-planted: ## A spoiled rule and a spoiled page must be found
	Scripts/ops-check --planted

static: setup ## The program for machines without Swift: one file; then Scripts/static-check
	swift build $(SWIFT_FLAGS) -c release --static-swift-stdlib --product dosette

static-check: static ## What it links, how long it takes to start, whether it runs without Swift
	Scripts/static-check $(RELEASE)

http-attack: ## Broken, slow and crafty HTTP against a real server; a minute and a half
	swift build $(SWIFT_FLAGS) --product dosette
	Scripts/http-attack $(DEBUG)

http-attack-planted: ## A careless server must be found out
	Scripts/http-attack --planted

secret-hunt: ## Planted secrets are looked for in logs, answers, journal, exports; half a minute
	swift build $(SWIFT_FLAGS) --product dosette
	Scripts/secret-hunt $(DEBUG)

secret-hunt-planted: ## A token that somebody writes into an order must be found
	swift build $(SWIFT_FLAGS) --product dosette
	Scripts/secret-hunt $(DEBUG) --planted

hostile: ## Write the hostile texts of the browser test anew
	Tests/Browser/hostile.py

licences: ## Write docs/licences.md from the dependencies that were fetched
	Scripts/licences

bench: ## Measure against C, a raw HTTP loop and a small file; writes docs/performance.md; 40 minutes
	Scripts/bench full

bench-short: ## Whether the benchmarks run; nothing is judged by the clock
	Scripts/bench short

bench-peers: ## Durable steps a second of DBOS and Temporal on this machine; seven minutes
	Scripts/bench-peers
