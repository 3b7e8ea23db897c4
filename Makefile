# Two commands do everything on a fresh machine with Python 3.11 or newer and apt:
#   make run     real Asterisk, real SIP callers, a table of what became of each call
#   make test    every check and test, the real calls too
# The rest: make model (the shipped model from its seed), make accuracy (measures it, and writes docs/accuracy.md),
# make lines (measures line memory, and writes docs/lines.md), make replay (a day of calls), make bench, make load (the
# server under load, and docs/capacity.md), make faults (every fault, and docs/faults.md), make fuzz, make clean.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CORPUS ?= corpus
ATTACKS := $(CORPUS)-attacks
STUDY := $(CORPUS)-study
KINDS := $(CORPUS)-kinds
LINES := $(CORPUS)-lines
DAY := $(CORPUS)-day
NOISE := $(CORPUS)-noise
PATHS := $(CORPUS)-paths
HEARD := $(CORPUS)-heard
PATENT := g711 gsm_fr ilbc speex g729
PATHS_patent := --codecs $(PATENT) --seed 1
PATHS_all := --seed 3
PATHS_held := --codecs $(PATENT) --callers 400 --test-share 1 --seed 77
PATHS_lines := --callers 40 --calls 10 --test-share 1 --seed 12
PATHS_more-lines := --callers 60 --calls 8 --test-share 1 --seed 51
PATHS_strangers := --callers 560 --test-share 1 --seed 53
PATHS_one-noise := --callers 40 --calls 8 --test-share 1 --seed 52 --one-noise
PATHS_any := --codecs $(PATENT) --unordered 1 --callers 1600 --seed 4
PATHS_g711 := --codecs g711 --callers 800 --test-share 0.5 --seed 77
FIGURES ?= figures
CORES ?= $(shell nproc)
IDLE := $(if $(shell command -v chrt),chrt --idle 0)

.PHONY: run test lint unit lab bench load faults corpus model noise accuracy lines signals recorders provenance replay fuzz lock audit clean

run: $(STAMP)
	$(BIN)/python -m lab

# The lab's calls take their time and little of a core; the unit tests take what they leave, and give way to them.
test: lint
	$(MAKE) --jobs=2 --keep-going --output-sync=line lab unit BEHIND="$(or $(IDLE),nice -n 19)"

lint: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# Three processes a core, each of one thread, since many tests wait for servers that they start; one that has no tests
# left takes some of another's. The lab's calls are placed side by side by the lab itself, in real time: one process
# has them all.
unit: $(STAMP)
	SILENTSPAM_TEST_FETCH=1 OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 \
	  $(BEHIND) $(BIN)/pytest -m "not lab" -n $$((3 * $(CORES))) --dist worksteal

lab: $(STAMP)
	$(BIN)/pytest -m lab

bench: $(STAMP)
	$(BIN)/python -m benchmarks

# The server under load, and docs/capacity.md from it: whole screenings against scripted peers, a soak of 100,000
# calls, real calls through Asterisk, and of both the highest load that holds. Half an hour of two cores that have
# nothing else to do.
load: $(STAMP)
	mkdir -p $(FIGURES)
	-$(BIN)/python -m benchmarks.sessions --json $(FIGURES)/sessions.json
	-$(BIN)/python -m benchmarks.kinds --json $(FIGURES)/kinds.json
	-$(BIN)/python -m benchmarks.provenance --json $(FIGURES)/provenance-cost.json
	$(BIN)/python -m benchmarks.screenings --soak 100000 --search --json $(FIGURES)/screenings.json; \
	  screened=$$?; $(BIN)/python -m benchmarks.real_calls --search --json $(FIGURES)/real-calls.json; \
	  called=$$?; $(BIN)/python -m docs.capacity --figures $(FIGURES) && exit $$((screened + called))

# Every fault under real calls, one after the other, and docs/faults.md from them: half an hour. The exit code is 1
# where a call or a row was lost, and 2 where a fault could not be made here.
faults: $(STAMP)
	mkdir -p $(FIGURES)
	$(BIN)/python -m lab.faults --json $(FIGURES)/faults.json; made=$$?; \
	  $(BIN)/python -m docs.faults $(FIGURES)/faults.json && exit $$made

# A million hostile inputs over every reader, guided by coverage; the corpus that grows and what is found lie in the
# cache folder. `make fuzz FUZZ='agi-screening config --inputs 20000'` tries some readers only.
FUZZ ?=
fuzz: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	OPENBLAS_NUM_THREADS=1 nice $(BIN)/python -m tests.fuzz $(FUZZ)

# What a deployment installs, each package at one version and by its hashes: docs/security.md.
lock: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[lock]'
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --generate-hashes --strip-extras \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --extra postgres --extra encryption --output-file requirements.lock setup.cfg

# Packages, their files, the lock and the shipped model, without a network; AUDIT='--advisories FILE' (OSV) for
# known vulnerabilities, AUDIT=--deployed on a server that was installed by the lock.
AUDIT ?=
audit: $(STAMP)
	$(BIN)/python -m lab.audit $(AUDIT)

# pip compiles what it installs on one core: here all of them do it, and leave out the libraries' tests.
$(STAMP): setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Silentspam needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e '.[training,report,scan,dask,vad,quality,postgres,encryption,lab,bench,test]'
	-$(BIN)/python -m compileall -q -j 0 -x '/tests/' $(VENV)/lib
	touch $@

# The shipped model, from licensed speech and synthetic dead air; the same bytes every time. Other kinds are no part of
# it: they have detectors of their own (make accuracy, make noise).
$(CORPUS)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(CORPUS) --sources $$($(BIN)/python -m lab.corpus_audio) --kinds 0 --seed 1

corpus: $(CORPUS)/labels.csv

model: corpus
	$(BIN)/silentspam train --recordings $(CORPUS) --labels $(CORPUS)/labels.csv --out silentspam/models/default --seed 1

# What tells noise from people, from its seed: ten minutes of one core. Its figures are in its card and in docs/noise.md.
$(NOISE)/labels.csv: | $(STAMP)
	$(BIN)/silentspam noise simulate --out $(NOISE) --sources $$($(BIN)/python -m lab.noise_audio) --seed 1

noise: $(NOISE)/labels.csv
	$(BIN)/silentspam noise train --recordings $(NOISE) --labels $(NOISE)/labels.csv --out silentspam/models/noise --seed 1

# Every figure of docs/accuracy.md: the shipped model on its corpus; the studies, which train many models, on a
# corpus of 7,200 openings of its own, and on the attacks; every kind of SPAM on a corpus of 13,000, as many of each.
# About an hour of one core, six minutes of it for the kinds.
$(STUDY)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(STUDY) --sources $$($(BIN)/python -m lab.corpus_audio) \
	  --campaigns 300 --calls 8 --ham 4800 --silence 0 --kinds 0 --seed 3

$(ATTACKS)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(ATTACKS) --sources $$($(BIN)/python -m lab.corpus_audio) \
	  --campaigns 12 --calls 80 --ham 0 --silence 0 --kinds 0 --seed 77

$(KINDS)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(KINDS) --sources $$($(BIN)/python -m lab.noise_audio) --campaigns 200 --calls 4 \
	  --ham 6000 --loud 3000 --silence 0 --kinds 3200 --mix fax=1 busy=1 recording=1 noise=1 \
	  --test-share 0.99999 --seed 6

STUDIED := --recordings $(STUDY) --labels $(STUDY)/labels.csv
accuracy: corpus $(KINDS)/labels.csv $(STUDY)/labels.csv $(ATTACKS)/labels.csv
	mkdir -p $(FIGURES)
	$(BIN)/silentspam evaluate --model silentspam/models/default --recordings $(CORPUS) \
	  --labels $(CORPUS)/labels.csv --html $(FIGURES)/evaluate.html --json > $(FIGURES)/evaluate.part
	mv $(FIGURES)/evaluate.part $(FIGURES)/evaluate.json
	$(BIN)/silentspam evaluate --model silentspam/models/default --recordings $(KINDS) \
	  --labels $(KINDS)/labels.csv --html $(FIGURES)/kinds.html --json > $(FIGURES)/kinds.part
	mv $(FIGURES)/kinds.part $(FIGURES)/kinds.json
	$(BIN)/python -m lab.amd $(STUDIED) --openings 100 --json $(FIGURES)/amd.json
	$(BIN)/silentspam compare --quick $(STUDIED) --amd $(FIGURES)/amd.json --html $(FIGURES)/compare.html \
	  --json $(FIGURES)/compare.json
	$(BIN)/silentspam curve $(STUDIED) --attacks $(ATTACKS) --html $(FIGURES)/curve.html --json $(FIGURES)/curve.json
	$(BIN)/silentspam holdout $(STUDIED) --html $(FIGURES)/holdout.html --json $(FIGURES)/holdout.json
	$(BIN)/python -m docs.accuracy --figures $(FIGURES)

# Every figure of docs/lines.md: line memory on campaigns that the shipped model never met, in its own space and in
# one learnt without their codecs and levels. Ten minutes of one core when the corpora are there. $(FIGURES)/replay.json,
# where there is one, is in it too.
$(LINES)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(LINES) --sources $$($(BIN)/python -m lab.corpus_audio) \
	  --campaigns 160 --calls 40 --ham 8000 --silence 0 --kinds 0 --test-share 0.75 --seed 11

lines: corpus $(LINES)/labels.csv
	mkdir -p $(FIGURES)
	$(BIN)/silentspam lines-study --recordings $(LINES) --labels $(LINES)/labels.csv --trained-on $(CORPUS) \
	  --json $(FIGURES)/lines.json
	$(BIN)/python -m docs.lines --figures $(FIGURES) --corpus $(LINES)

# Every figure of docs/signals.md: tones of machines through real codecs, and openings that have none.
signals: $(STAMP)
	mkdir -p $(FIGURES)
	$(BIN)/silentspam signals --sources $$($(BIN)/python -m lab.signal_audio) --openings 20 --without 39000 \
	  --json $(FIGURES)/signals.json
	$(BIN)/python -m docs.signals $(FIGURES)/signals.json

# Every figure of docs/freeswitch-recordings.md: openings that training never met, longer than a call's, as Asterisk and
# as FreeSWITCH record them. Ten minutes of one core.
$(HEARD)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(HEARD) --sources $$($(BIN)/python -m lab.noise_audio) --seconds 2.12 \
	  --campaigns 100 --calls 16 --ham 3000 --loud 600 --silence 300 \
	  --kinds 800 --mix fax=1 busy=1 recording=1 noise=1 --test-share 0.99999 --seed 8

recorders: $(HEARD)/labels.csv
	mkdir -p $(FIGURES)
	$(BIN)/silentspam recorders --recordings $(HEARD) --labels $(HEARD)/labels.csv --json $(FIGURES)/recorders.json
	$(BIN)/python -m docs.recorders $(FIGURES)/recorders.json

# Every figure of docs/provenance.md, counted on the test splits of calls whose paths are known: the five codecs of
# the patent (and drawn anew), all eight, codecs in any order, G.711 alone, and lines by many calls; what the commands
# printed is kept beside the page.
$(PATHS)/%/calls.jsonl: | $(STAMP)
	$(BIN)/silentspam paths simulate --out $(@D) --sources $$($(BIN)/python -m lab.corpus_audio) $(PATHS_$*)

provenance: $(foreach corpus,patent held all any g711 lines more-lines strangers one-noise,$(PATHS)/$(corpus)/calls.jsonl)
	$(BIN)/python -m docs.draw_provenance $$($(BIN)/python -m lab.corpus_audio)
	$(BIN)/silentspam paths losses --recordings $(PATHS)/patent $(PATHS)/g711 --seconds 15 5 2 \
	  --json > docs/provenance-figures/losses.json
	$(BIN)/silentspam paths codecs $(PATHS)/patent $(PATHS)/held $(PATHS)/all $(PATHS)/any \
	  --json > docs/provenance-figures/codecs.json
	$(BIN)/silentspam paths lines $(PATHS)/lines --seconds 15 5 2 --json > docs/provenance-figures/lines-held-out.jsonl
	$(BIN)/silentspam paths lines $(PATHS)/more-lines $(PATHS)/strangers --lines 16 500 \
	  --json > docs/provenance-figures/lines-five-hundred.jsonl
	$(BIN)/silentspam paths lines $(PATHS)/one-noise --json > docs/provenance-figures/lines-one-noise.jsonl
	$(BIN)/silentspam paths lines $(PATHS)/lines --with-openings --seconds 5 \
	  --json > docs/provenance-figures/openings.json
	$(BIN)/silentspam paths quality --sources $$($(BIN)/python -m lab.corpus_audio) \
	  --recordings $(PATHS)/patent > docs/provenance-figures/quality.json
	$(BIN)/python -m docs.provenance

# What provenance says of calls that real networks transcoded, and docs/provenance-lab.md: three minutes of calls.
trunks: $(STAMP)
	$(BIN)/python -m lab.trunk_study --json docs/provenance-figures/trunks.json
	$(BIN)/python -m docs.provenance_lab

# A day of 20,000 calls with five attacks that nothing was learnt from: docs/replay.md. All of its corpus is held
# out of training (a share of 1 is refused, for nothing could be trained on it). docs/timelines/day.csv is what
#   silentspam timeline --corpus $(DAY) --calls 20000 --campaigns 5 --seed 1 --out docs/timelines/day.csv
# draws from it.
$(DAY)/labels.csv: | $(STAMP)
	$(BIN)/silentspam simulate --out $(DAY) --sources $$($(BIN)/python -m lab.corpus_audio) \
	  --campaigns 5 --calls 1200 --ham 14000 --silence 0 --kinds 0 --test-share 0.99999 --seed 21

replay: $(DAY)/labels.csv
	$(BIN)/silentspam replay --calls docs/timelines/day.csv --recordings $(DAY) --seed 1

clean:
	rm -rf $(VENV) $(CORPUS) $(KINDS) $(STUDY) $(LINES) $(DAY) $(NOISE) $(PATHS) $(HEARD) $(ATTACKS) $(FIGURES) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
