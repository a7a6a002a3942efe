#!/usr/bin/env bash
# Mutation testing of the metrics: how many small changes of evals/metrics.py and evals/citations.py their tests catch.
# Works on a copy of what is committed; needs the development environment (make check) and PyPI for mutmut.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet mutmut==3.8.1
# The project's dependencies without its editable install: a .pth inside a folder that is added this way is not read.
echo "$PWD"/.venv/lib/python3*/site-packages > "$(echo "$work"/venv/lib/python3*/site-packages)/project.pth"
mkdir "$work/copy"
git archive HEAD | tar x -C "$work/copy"
cd "$work/copy"
cat > setup.cfg <<'END'
[mutmut]
timeout_constant = 120.0
source_paths = evals
only_mutate =
    evals/metrics.py
    evals/citations.py
also_copy =
    tutor
    knowledge
    prompts
pytest_add_cli_args =
    -p
    no:tutor-evals
    -p
    no:cacheprovider
pytest_add_cli_args_test_selection =
    tests/test_metrics.py
    tests/test_citations.py
    tests/test_summary.py
END
CI=1 ../venv/bin/mutmut run --max-children 2  # CI: hypothesis draws the same each time
../venv/bin/mutmut results
python3 - <<'END'
import json

for name in ("metrics", "citations"):
    with open(f"mutants/evals/{name}.py.meta") as file:
        codes = list(json.load(file)["exit_code_by_key"].values())
    killed = sum(code in (1, 3) for code in codes)
    print(f"{name}: {killed} of {len(codes)} killed, {killed / len(codes):.1%}")
END
