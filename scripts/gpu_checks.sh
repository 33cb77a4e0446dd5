#!/usr/bin/env bash
# What needs a GPU, in one call within a time limit: scripts/gpu_checks.sh [checks|evidence] --help
# Tables and records come back under --out, or the folder that OUT names.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
python=${GANREPRO_PYTHON:-$root/.venv/bin/python}
[[ -x $python ]] || python=python3
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
exec "$python" "$root/scripts/gpu_checks.py" "$@"
