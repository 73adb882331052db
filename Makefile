# Two commands matter: `make demo` and `make test`. Everything they need is created by tools/bootstrap.py,
# which also runs where there is no make: `python tools/bootstrap.py demo`.
# Choose another Python with `make PYTHON=/path/to/python3.13 demo`.

PYTHON ?= $(shell command -v python3.11 || command -v python3.13 || command -v python3)
BOOTSTRAP = $(PYTHON) tools/bootstrap.py

.PHONY: help demo test test-matrix docs lint install clean

help:
	@$(BOOTSTRAP) --help

demo test test-matrix docs lint install clean:
	@$(BOOTSTRAP) $@ $(if $(filter test,$@),$(PYTEST_ARGS)) $(if $(filter test-matrix,$@),$(VERSIONS))
