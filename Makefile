# One command each: `make demo` runs the main job, `make test` passes what CI runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test serve image clean

# What serving needs: no torch, no transformers.
$(VENV)/serve: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stance needs Python 3.11 or newer; name one with PYTHON=...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

# What training and the tests need besides.
$(VENV)/dev: $(VENV)/serve
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(VENV)/serve
	$(BIN)/stance classify docs/sample.jsonl
	$(BIN)/stance analyze docs/sample-article.txt
	@echo "Ask it over HTTP:   $(BIN)/stance serve"
	@echo "and then:           curl -s localhost:8000/classify -H 'content-type: application/json' \\"
	@echo "                      -d '{\"statements\": [{\"text\": \"Kyiv will not give up any land.\"}], \"issues\": [\"territorial-concessions\"]}'"

test: $(VENV)/dev
	BIN=$(BIN) ./scripts/check

serve: $(VENV)/serve
	$(BIN)/stance serve

image:
	docker build --tag stance .

clean:
	rm -rf $(VENV) build dist
