#!/usr/bin/env bash
# What a fresh machine needs: ./run_all.sh, ./run_all.sh install and ./run_all.sh test
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)

usage() {
  cat <<'TEXT'
usage: ./run_all.sh                       install, print what the papers' own numbers contradict, run the default job
       ./run_all.sh install               install and stop
       ./run_all.sh RUN OPTIONS ...       install, then `ganrepro run RUN OPTIONS ...`
       ./run_all.sh test [PYTEST OPTIONS ...]
       ./run_all.sh --help

Installing downloads the pinned versions of constraints.txt into .venv, with uv where it is there: 5.8 GB on disk with
PyTorch for CUDA, minutes by the network. Who only reads needs none of it: `pip install .` brings list, audit, plan,
judge, report, compare, verify and pack in 350 MB.

The default job downloads nothing and needs no GPU. It trains one seed of three systems on eight Gaussians (GAN-RL, tier
short) and three seeds of two systems on handwritten digits (GAN against DCGAN, tier smoke), then compares every score
with results/reference/default-job. It takes 3 to 10 minutes on two cores, and 30 MB in results/local. Calling it
again trains nothing. Other jobs:
  ./run_all.sh papers/gan_dcgan_mnist.yaml --tier short --data-root DATA
  ./run_all.sh test -k trainer

GANREPRO_PYTHON names another Python that has everything already; then nothing is installed.
TEXT
}

say() { printf '%s\n' "$*" >&2; }

# Sets `python` to an interpreter that has the package and the wanted extra.
environment() {
  local extra=$1 venv=$root/.venv stamp wanted
  if [[ -n ${GANREPRO_PYTHON:-} ]]; then
    python=$GANREPRO_PYTHON
    export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
    return
  fi
  python=$venv/bin/python
  stamp=$venv/.installed-$extra
  wanted=$(cat "$root/pyproject.toml" "$root/constraints.txt" | cksum)
  if [[ -x $python && -f $stamp && $(<"$stamp") == "$wanted" ]]; then
    return
  fi
  say "Installing ($extra) into .venv; the first time this takes some minutes."
  if command -v uv >/dev/null; then
    [[ -x $python ]] || uv venv --quiet --python '>=3.11' "$venv"
    uv pip install --quiet --python "$python" --constraints "$root/constraints.txt" --editable "$root$2"
  else
    [[ -x $python ]] || "$(interpreter)" -m venv "$venv"
    "$python" -m pip install --quiet --constraint "$root/constraints.txt" --editable "$root$2"
  fi
  printf '%s' "$wanted" >"$stamp"
}

# The newest Python of 3.11 or later.
interpreter() {
  local candidate
  for candidate in python3.14 python3.13 python3.12 python3.11 python3 python; do
    if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      printf '%s' "$candidate"
      return
    fi
  done
  say "run_all.sh needs Python 3.11 or later"
  return 1
}

case ${1:-} in
  -h | --help)
    usage
    ;;
  test)
    shift
    environment test '[test]'
    exec "$python" -m pytest --rootdir "$root" -c "$root/pyproject.toml" "$@" "$root/tests"
    ;;
  install)
    environment train '[train]'
    say "Installed: $python -m benchmark, or $(dirname -- "$python")/ganrepro"
    ;;
  '')
    environment train '[train]'
    "$python" -m benchmark audit --findings
    exec "$python" -m benchmark run
    ;;
  *)
    environment train '[train]'
    exec "$python" -m benchmark run "$@"
    ;;
esac
