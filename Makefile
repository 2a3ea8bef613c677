# What people do with a checkout, in one word each. `make` alone lists it. The building itself is in
# CMakeLists.txt and CMakePresets.json, and works without this file.

JOBS ?= $(shell nproc)
# More arguments of ctest.
CTEST_ARGS ?=
# Seconds per fuzz target; the arguments of every parity script and the photos it looks at.
FUZZ_SECONDS ?= 300
PARITY_ARGS ?=
PHOTOS ?=
# For clang-tidy to see the training code: -DBLIP_TRAIN=ON and where a libtorch is that clang can read.
LINT_CMAKE ?=
# The arguments of tools/peers/main.py; a Python that has the peers already.
PEERS_ARGS ?=
PEERS_PYTHON ?=
# The arguments of tools/serve_trials/main.py and beside_reference.py; requests for each operation and phase.
TRIAL_ARGS ?=
REFERENCE_ARGS ?=
SCHEMA_EXAMPLES ?= 50
# The Pythons that wheels are made for; the Debians that packages are tried on.
PYTHONS ?= python3
SUITES ?= bookworm
# The arguments of tests/serve/page/browser_test.py.
PAGE_ARGS ?=
# For a PyTorch without CUDA: make parity TORCH_INDEX_URL=https://download.pytorch.org/whl/cpu
export TORCH_INDEX_URL PHOTOS PEERS_PYTHON

install := tools/install_dependencies.sh

# The tests that `make asan` builds and runs: every module's.
ASAN_MODULES := core kernels hub checkpoint architectures image text dataset eval train_loading model generate tasks search metadata app serve c

.PHONY: help demo test test-train test-page test-library test-clients test-schema trial-serve \
  test-metadata test-python test-python-base wheels test-wheels test-scale packages test-packages \
  site asan tsan lint format fuzz bench bench-serve bench-fastapi bench-peers bench-python parity parity-quick \
  clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' Makefile | expand -t 16

demo: ## install what is missing, build the program, caption the photos in examples/
	$(install) build
	@# A tree that already has the tests configured keeps them.
	test -e build/release/build.ninja || cmake --preset release -DBLIP_DEVELOPER=OFF
	cmake --build --preset release --target blip_cli
	tools/demo.sh build/release

test: ## install what is missing, build everything, run the tests
	$(install) build test
	cmake --preset release
	cmake --build --preset release
	ctest --preset release -j $(JOBS) $(CTEST_ARGS)

test-train: ## install libtorch if it is missing, build `blip train`, run its tests
	$(install) build test train
	cmake --preset train
	cmake --build --preset train
	ctest --preset train -j $(JOBS) $(CTEST_ARGS)

test-page: ## every function of the server's page in Chromium, with axe-core (PAGE_ARGS='--url http://…')
	$(install) build page
	test -x build/page-venv/bin/python || python3 -m venv build/page-venv
	build/page-venv/bin/pip install --quiet -r tests/serve/page/requirements.txt
	npm install --silent --prefix tests/serve/page
	build/page-venv/bin/python tests/serve/page/browser_test.py $(PAGE_ARGS)

test-library: ## kill `blip index` at 200 moments, run two at once, fill the disk
	$(install) build test
	cmake --preset release
	cmake --build --preset release --target blip_cli test_search
	tools/index_crashes.py build/release/bin/blip tests/tasks/data/itm
	BLIP_KILLS=200 build/release/tests/search/test_search --gtest_filter='*SurvivesItsWriterBeingKilled'

test-clients: ## applications' own clients (openai, ollama, tritonclient…) against `blip serve`
	$(install) build test parity
	cmake --preset release
	cmake --build --preset release --target blip_cli
	tests/serve/clients/run.sh build/release

test-schema: ## requests that schemathesis makes of the server's OpenAPI document
	$(install) build
	cmake --preset release
	cmake --build --preset release --target blip_cli
	tools/serve_trials/schema.sh build/release/bin/blip $(SCHEMA_EXAMPLES)

trial-serve: ## `blip serve` overloaded, among rude clients and with faults (TRIAL_ARGS=--quick; loopback only)
	$(install) build
	cmake --preset release
	cmake --build --preset release --target blip_cli
	python3 tools/serve_trials/main.py build/release/bin/blip $(TRIAL_ARGS)

test-metadata: ## 500 pictures of every format through `blip describe`, exiftool and exiv2; 200 kills
	$(install) build test
	cmake --preset release
	cmake --build --preset release --target blip_cli
	tools/metadata_round_trip.py build/release/bin/blip tests/models/nano

test-python: ## build the Python package, install it into build/python-venv, run its tests
	$(install) build test python
	cmake --preset release
	cmake --build --preset release --target blip_cli
	test -x build/python-venv/bin/python || python3 -m venv build/python-venv
	build/python-venv/bin/pip install --quiet --config-settings=build-dir=$(CURDIR)/build/python './bindings/python[test]'
	cd bindings/python/tests && ../../../build/python-venv/bin/python -X dev -m pytest -q .
	build/python-venv/bin/python tests/project/cookbook_test.py . build/release/bin/blip build/python-venv/bin/python

test-python-base: ## the models' cards at their real size (random weights) in both libraries; 3 GB, minutes
	test -x .venv/bin/python || { $(install) python; python3 -m venv .venv; }
	.venv/bin/pip install --quiet -r tools/reference/requirements.txt pytest
	.venv/bin/pip install --quiet --config-settings=build-dir=$(CURDIR)/build/python ./bindings/python
	cd bindings/python/tests && BLIP_CPP_TEST_SIZE=base ../../../.venv/bin/python -m pytest -q -s test_transformers.py

wheels: ## manylinux wheels of the Python package with all libraries inside, in build/wheels (PYTHONS='python3.9 …')
	$(install) build python
	tools/wheels/build.sh $(PYTHONS)

test-wheels: wheels ## the wheels in clean environments, with numpy 1 and 2
	tools/wheels/test.sh $(PYTHONS)

test-scale: ## examples/ray, spark, dask and datasets on the real engines, with killed workers
	$(install) build test python scale
	cmake --preset release
	cmake --build --preset release --target blip_cli
	test -x build/scale-venv/bin/python || python3 -m venv build/scale-venv
	build/scale-venv/bin/pip install --quiet -r tests/scale/requirements.txt
	build/scale-venv/bin/pip install --quiet --config-settings=build-dir=$(CURDIR)/build/python ./bindings/python
	cd tests/scale && ../../build/scale-venv/bin/python -m pytest -q .

packages: ## .deb files of the system this runs on, in build/packages/SUITE
	$(install) build
	tools/packages.sh

test-packages: packages ## the packages and wheels on a Debian that has nothing yet, as root (SUITES='bookworm trixie')
	$(install) containers
	for suite in $(SUITES); do tools/test_packages.sh $$suite || exit 1; done

site: ## the documentation site in build/site; warnings are errors
	$(install) build test site
	cmake --preset release
	cmake --build --preset release --target blip_cli
	tools/site/build.sh build/release/bin/blip

asan: ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	$(install) build test
	cmake --preset asan
	cmake --build --preset asan --target blip_cli $(addprefix test_,$(ASAN_MODULES))
	ctest --preset asan -j $(JOBS) $(CTEST_ARGS)
	@# Tests of the program start it and read what it says: those of the release build do so with
	@# the sanitizers' program, and need not be compiled again.
	cmake --preset release
	cmake --build --preset release --target test_cli
	BLIP_PROGRAM=$(CURDIR)/build/asan/bin/blip \
	  LSAN_OPTIONS=suppressions=$(CURDIR)/tests/leak_suppressions.txt:print_suppressions=0 \
	  ctest --preset release -j $(JOBS) -R '^cli\.' $(CTEST_ARGS)

tsan: ## the tests that start threads, under ThreadSanitizer
	$(install) build test
	cmake --preset tsan
	cmake --build --preset tsan --target test_core test_generate test_serve test_tasks test_train_loading
	ctest --preset tsan -j $(JOBS) $(CTEST_ARGS)

lint: ## formatting, clang-tidy, the direction of includes (LINT_SINCE=REF: files changed since)
	$(install) build test bench lint
	cmake --preset lint $(LINT_CMAKE)
	tools/lint.sh build/lint

format: ## format the sources in place
	$(install) lint
	tools/sources.sh | xargs clang-format -i

fuzz: ## libFuzzer targets (FUZZ_TARGETS, or every one) for FUZZ_SECONDS (300) from their corpus
	$(install) build fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz --target fuzz/all
	tools/fuzz.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

bench: ## build and run the programs in bench/
	$(install) build test bench
	cmake --preset release
	cmake --build --preset release --target bench/all
	for program in build/release/bench/bench_*; do test ! -x $$program || $$program || exit 1; done

bench-serve: ## `blip serve` beside `blip caption`: throughput, latency, health (loopback only)
	$(install) build
	cmake --preset release
	cmake --build --preset release --target blip_cli
	python3 tools/bench_serve.py build/release/bin/blip $(or $(PHOTOS),examples/photos)

bench-fastapi: ## `blip serve` beside transformers in FastAPI (REFERENCE_ARGS='--size small')
	$(install) build
	cmake --preset release
	cmake --build --preset release --target blip_cli
	test -x build/reference-venv/bin/python || python3 -m venv build/reference-venv
	build/reference-venv/bin/pip install --quiet torch transformers pillow safetensors fastapi uvicorn
	build/reference-venv/bin/python tools/serve_trials/beside_reference.py build/release/bin/blip $(REFERENCE_ARGS)

bench-peers: ## measure beside transformers, ONNX Runtime and OpenVINO, in .venv-peers (PEERS_ARGS=--quick)
	$(install) build test parity
	cmake --preset release
	cmake --build --preset release --target blip_cli timed_requests
	tools/bench_peers.sh build/release $(PEERS_ARGS)

bench-python: test-python ## what the Python package adds to the C++ program, and how its threads scale
	cmake --build --preset release --target timed_requests
	build/python-venv/bin/python bindings/python/bench/overhead.py build/release/bench/timed_requests

parity: ## compare with Hugging Face transformers, installed into .venv (PHOTOS=FOLDER)
	$(install) build test parity
	cmake --preset release
	cmake --build --preset release --target blip_cli tools/reference/all
	tools/parity.sh build/release $(PARITY_ARGS)

parity-quick: ## the same at tiny sizes
	$(MAKE) parity PARITY_ARGS=--quick

clean: ## remove build/, .venv/ and .venv-peers/
	rm -rf build .venv .venv-peers
