# make setup | setup-cluster | run | test | bench | soak | weights | lint | fuzz | screenshots | clean
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

PORT ?= 8501
MINUTES ?= 10
HTTPS ?=
ADDRESS ?= $(if $(filter 1,$(HTTPS)),0.0.0.0,localhost)

# Relative, so that a path with spaces above the repository does no harm.
BIN := .venv/bin/python
PIP := $(BIN) -m pip install --quiet --quiet --disable-pip-version-check --no-input
STREAMLIT := $(BIN) -m streamlit run serve.py --server.headless true --logger.hideWelcomeMessage true \
	--server.port $(PORT) --server.address $(ADDRESS)

# Real music and faces for tests, benchmarks and weights. Tests that need them are skipped without.
SHARED := $(or $(EARMARK_DATA),$(wildcard ../shared/data))
DATA ?= $(SHARED)/gtzan
FACES ?= $(SHARED)/faces/fer2013.parquet
WILD ?= $(SHARED)/wild
RUNS := $(or $(EARMARK_HOME),var)/runs
SEEDS := $(or $(EARMARK_HOME),var)/seeds
DOWNLOADS := $(or $(EARMARK_HOME),var)/downloads
FULL_CLIP := $(BIN) -m genre train listen --data "$(DATA)" --input mel_30s
WINDOWS := $(BIN) -m genre train listen --data "$(DATA)" --input mel_3s --windows overlap --option
NOTE := Made by make weights.
# (name, command): a training that is done is not repeated; one with another recipe is an error.
train = $(2) --run "$(RUNS)/$(1)"

export PYTHONUNBUFFERED := 1
# Compiled once, not by each of the many processes of a training or a test.
unexport PYTHONDONTWRITEBYTECODE
# Idle threads sleep: while a training runs beside the app, answers come three times sooner.
export OMP_WAIT_POLICY := PASSIVE

.PHONY: setup importable setup-dev setup-cluster chromium run test test-without-browser test-with-browser bench soak weights weights-tagger weights-listen weights-scratch scratch-seed weights-emotion weights-gan lint fuzz screenshots clean

# The virtual environment holds a copy of its pins: they are installed once, and again when they change.
setup:
	@$(BIN) -c '' 2>/dev/null || { \
		for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
			python=; \
		done; \
		[ -n "$$python" ] || { echo "Earmark needs Python 3.11 or newer: install it, or name it with" \
			"make PYTHON=/path/to/python3" >&2; exit 1; }; \
		echo "Making the virtual environment .venv with $$("$$python" --version)"; \
		rm -rf .venv && "$$python" -m venv .venv; \
	}
	@cmp -s requirements.txt .venv/requirements.txt || { \
		echo "Installing the packages of requirements.txt: some minutes the first time"; \
		$(PIP) -r requirements.txt && cp requirements.txt .venv/requirements.txt; \
	}
	@$(MAKE) importable

# `.venv/bin/python -m genre` finds its packages from any folder, also after the repository was moved.
importable:
	@$(BIN) -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "earmark.pth").write_text(f"{pathlib.Path.cwd()}\n")'

setup-dev: setup
	@cmp -s requirements-dev.txt .venv/requirements-dev.txt || { \
		echo "Installing the packages of requirements-dev.txt"; \
		$(PIP) -r requirements-dev.txt && cp requirements-dev.txt .venv/requirements-dev.txt; \
	}

# Ray and Optuna, for `--engine ray` and `sweep --search tpe`; the pins of requirements.txt stay as they are.
setup-cluster: setup
	@cmp -s requirements-cluster.txt .venv/requirements-cluster.txt || { \
		echo "Installing the packages of requirements-cluster.txt"; \
		$(PIP) -c requirements.txt -r requirements-cluster.txt \
			&& cp requirements-cluster.txt .venv/requirements-cluster.txt; \
	}

chromium: setup-dev
	@$(BIN) -m tests.support.browser.chromium

run: setup
ifeq ($(HTTPS),1)
	@certs=$$($(BIN) -m genre.certificate) && exec $(STREAMLIT) \
		--server.sslCertFile "$$certs/earmark.crt" --server.sslKeyFile "$$certs/earmark.key"
else
	@exec $(STREAMLIT)
endif

test-without-browser test-with-browser bench: export EARMARK_DATA := $(SHARED)

PYTEST = $(BIN) -m pytest --dist loadgroup --max-worker-restart 0
# The files with a browser that take longest, first: then no worker is left with a long one at the end.
LONGEST := $(addprefix tests/browser/,train test_accessibility.py test_generate.py test_mood.py test_recorder.py)
BROWSER_LOG := tests/failures/browser.log

# Tests with a browser wait half of their time: beside them the others have the processor.
test: setup-dev chromium
	@$(MAKE) --jobs 2 --keep-going test-without-browser test-with-browser

test-without-browser:
	@$(PYTEST) --numprocesses 3 --ignore tests/browser $(PYTEST_ARGS) || [ $$? -eq 5 ]

test-with-browser:
	@mkdir -p $(dir $(BROWSER_LOG))
	@$(PYTEST) --numprocesses 2 --no-loadscope-reorder $(LONGEST) tests/browser $(PYTEST_ARGS) >$(BROWSER_LOG) 2>&1; \
		code=$$?; cat $(BROWSER_LOG); [ $$code -eq 0 ] || [ $$code -eq 5 ]

bench: setup-dev chromium
	@for file in tests/benchmarks/bench_*.py tests/benchmarks/app/bench_*.py; do \
		$(BIN) -m $$(echo "$${file%.py}" | tr / .) --record || exit 1; \
	done

# Twenty visitors for ten minutes, then a thousand short visits: about a quarter of an hour. SOAK= takes options.
soak: setup-dev
	@$(BIN) -m tests.soak.soak $(or $(SOAK),--record)

# The shipped networks, on two cores: about eight hours for Listen's with its three seeds and the ablation,
# three for the emotion network and two for the generator; an interrupted training is resumed. A name that
# ends in -train learns from the train list alone, and is the one that is measured; the other learns from
# everything by the same recipe.
weights: weights-listen weights-emotion weights-gan

# The pretrained network comes out of its published package.
weights-tagger: setup-dev
	@mkdir -p "$(DOWNLOADS)"
	$(BIN) -m pip download --quiet --no-deps --dest "$(DOWNLOADS)" musicnn==0.1.0
	$(BIN) -m genre.training.transfer.import_musicnn "$(DOWNLOADS)/musicnn-0.1.0-py3-none-any.whl"

# Heads on the pretrained network, pooled with the from-scratch ensemble. Features are computed once.
weights-listen: weights-tagger weights-scratch
	$(BIN) -m genre transfer listen-train --scratch listen-scratch-train --data "$(DATA)" --wild "$(WILD)" \
		--note "$(NOTE)"
	$(BIN) -m genre evaluate --model listen-train --data "$(DATA)" --wild "$(WILD)" --robust --record
	$(BIN) -m genre transfer listen --scratch listen-scratch --data "$(DATA)" --wild "$(WILD)" \
		--metrics-from listen-train --note "$(NOTE)"
	$(BIN) -m genre ablate --transfer --data "$(DATA)" --wild "$(WILD)" --record
	$(BIN) -m tests.golden.make

weights-scratch: setup-dev
	$(call train,full-clip-train,$(FULL_CLIP) --split filtered)
	$(BIN) -m genre calibrate "$(RUNS)/full-clip-train" --epochs 60
	$(call train,windows-train,$(WINDOWS) members=2 --split filtered)
	$(BIN) -m genre calibrate "$(RUNS)/windows-train" --epochs 30
	$(call train,third-train,$(WINDOWS) members=1 --split filtered --seed 10)
	$(BIN) -m genre calibrate "$(RUNS)/third-train" --epochs 30
	$(BIN) -m genre publish "$(RUNS)/full-clip-train" listen-scratch-train --with "$(RUNS)/windows-train" \
		--with "$(RUNS)/third-train" --note "$(NOTE)"
	for seed in 1 2; do $(MAKE) scratch-seed SEED=$$seed || exit 1; done
	$(BIN) -m genre evaluate --model listen-scratch-train --data "$(DATA)" --robust --record \
		--seeds "$(SEEDS)/listen-scratch-train-1" "$(SEEDS)/listen-scratch-train-2"
	$(BIN) -m genre ablate --data "$(DATA)" --record
	$(BIN) -m genre ablate --data "$(DATA)" --baseline --record
	$(call train,full-clip,$(FULL_CLIP) --split all)
	$(call train,windows,$(WINDOWS) members=2 --split all)
	$(call train,third,$(WINDOWS) members=1 --split all --seed 10)
	$(BIN) -m genre publish "$(RUNS)/full-clip" listen-scratch --with "$(RUNS)/windows" --with "$(RUNS)/third" \
		--metrics-from listen-scratch-train --note "$(NOTE)"

# The same recipe from another seed, to measure the chance in a figure; it is calibrated as seed 0.
scratch-seed: setup-dev
	$(call train,full-clip-train-$(SEED),$(FULL_CLIP) --split filtered --seed $(SEED))
	$(call train,windows-train-$(SEED),$(WINDOWS) members=2 --split filtered --seed $(SEED))
	$(call train,third-train-$(SEED),$(WINDOWS) members=1 --split filtered --seed 1$(SEED))
	$(BIN) -m genre publish "$(RUNS)/full-clip-train-$(SEED)" listen-scratch-train-$(SEED) \
		--with "$(RUNS)/windows-train-$(SEED)" --with "$(RUNS)/third-train-$(SEED)" \
		--metrics-from listen-scratch-train --into "$(SEEDS)" --note "$(NOTE)"

# A first training from scratch, which is then the teacher of the two shipped ones.
weights-emotion: setup-dev
	$(call train,emotion-teacher,$(BIN) -m mood train --data "$(FACES)" --split train)
	$(call train,emotion-train,$(BIN) -m mood train --data "$(FACES)" --split train --teacher "$(RUNS)/emotion-teacher")
	$(BIN) -m genre publish "$(RUNS)/emotion-train" emotion-train --note "$(NOTE)"
	$(call train,emotion,$(BIN) -m mood train --data "$(FACES)" --split all --teacher "$(RUNS)/emotion-teacher")
	$(BIN) -m genre publish "$(RUNS)/emotion" emotion --metrics-from emotion-train --note "$(NOTE)"

# The first takes a GPU, or some days; the second is its predecessor, whose pieces play on; the plain DCGAN is
# the baseline.
weights-gan: setup-dev
	$(call train,gan,$(BIN) -m gan train --data "$(DATA)" --split filtered --network beat)
	$(BIN) -m gan publish "$(RUNS)/gan" gan --note "$(NOTE)"
	$(call train,gan-first,$(BIN) -m gan train --data "$(DATA)" --split filtered --network earmark --epochs 21)
	$(BIN) -m gan publish "$(RUNS)/gan-first" gan-first --note "$(NOTE)"
	$(call train,dcgan,$(BIN) -m gan train --data "$(DATA)" --split filtered --network dcgan --epochs 10)
	$(BIN) -m gan evaluate --data "$(DATA)" --plain "$(RUNS)/dcgan" --record
	$(BIN) -m gan sample --plain "$(RUNS)/dcgan" --seed 0 --out assets/weights/gan/plain

lint: setup-dev
	@$(BIN) -m ruff format --check --quiet . || { echo "Run: $(BIN) -m ruff format ." >&2; exit 1; }
	@$(BIN) -m ruff check --quiet .
	@$(BIN) -m mypy
	@.venv/bin/lint-imports --no-cache --no-logo

screenshots: setup-dev chromium
	@$(BIN) -m tests.screenshots.take

# Ten minutes of hostile inputs for each reader, and twenty kills at random moments of each kind of run.
fuzz: setup-dev
	$(BIN) -m tests.faults.fuzz --minutes $(MINUTES)
	$(BIN) -m tests.faults.kills --count 20

# Everything that can be made again; never var/, which holds what people made.
clean:
	rm -rf .venv .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
