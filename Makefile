# The one vocabulary of tasks, for people, hooks and CI.
.PHONY: help setup check format test test-slow test-all train serve demo status stop dashboard mlflow benchmarks clean

help: ## list the tasks
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

setup: ## make the environment and install the commit hooks
	uv sync
	uv run pre-commit install

check: ## lint, formatting, types
	uv run ruff check
	uv run ruff format --check
	uv run mypy

format: ## mend what can be mended by machine
	uv run ruff check --fix
	uv run ruff format

test: ## the quick tests
	uv run pytest -n auto -m "not slow"

# Neighbours by one worker as long as it can be: they share what was trained.
test-slow: ## whole journeys through run.py, more at once than there are cores: they mostly wait
	uv run pytest -n 4 --dist worksteal -m "slow and not cluster" --durations=15

test-cluster: ## the journeys on Kubernetes, on the cluster of KUBECONFIG (tests/cluster/ makes one)
	uv run --extra kubernetes --extra postgresql --extra s3 pytest -n 2 --dist worksteal -m cluster --durations=15

test-all: ## every test, the slow ones too, but for those on a cluster
	uv run pytest -n auto -m "not cluster"

train: ## train, evaluate, register, promote
	uv run run.py --pipeline training

serve: ## deploy the champion on this machine
	uv run run.py --pipeline deployment

demo: ## the whole loop on replayed traffic, in a temporary place: drift, retraining, swap, roll-back
	uv run benchmarks/demo.py

status: ## what is deployed
	uv run run.py status

stop: ## end the service
	uv run run.py stop

dashboard: ## the ZenML dashboard on this machine
	uv run zenml login --local

mlflow: ## MLflow's page on the active stack's records
	uv run python -m stacks.mlflow_page

benchmarks: ## every figure of the README
	uv run benchmarks/training.py
	uv run benchmarks/quality.py
	uv run benchmarks/serving.py
	uv run benchmarks/loop.py

clean: ## remove what runs and tools have left here
	rm -rf outputs .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build
