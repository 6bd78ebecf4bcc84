#!/usr/bin/env bash
# Makes the Python environment of the oracles, or sees at once (0.1 s) that it is there.
#
#   test/oracle/setup.sh [DIR]        DIR: where the venv goes; default: .oracle/venv in the repository
#   GANC_PYTHON=python3.11            which Python makes it; default: python3
#
# Prints the path of the venv's python on stdout, so that a caller can say
#   PY=$(test/oracle/setup.sh) && "$PY" test/oracle/flops.py
# Everything else goes to stderr. Exit code 0 only if every package of requirements.txt can be imported.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
venv="${1:-$root/.oracle/venv}"
python="$venv/bin/python"
requirements="$here/requirements.txt"
stamp="$venv/.ganc-oracle"        # holds the requirements that were last installed and imported

present() {
  [ -x "$python" ] && cmp -s "$requirements" "$stamp" && "$python" - <<'PY'
import importlib.util, sys
names = ["torch", "tensorflow", "onnx", "onnxruntime", "numpy", "PIL", "safetensors"]
sys.exit(any(importlib.util.find_spec(name) is None for name in names))
PY
}

if ! present; then
  [ -x "$python" ] || { echo "oracle: making $venv" >&2; mkdir -p "$(dirname "$venv")"; "${GANC_PYTHON:-python3}" -m venv "$venv"; }
  echo "oracle: installing $(grep -c '==' "$requirements") packages into $venv (about 2 GB)" >&2
  "$python" -m pip install --retries 0 --disable-pip-version-check --quiet --requirement "$requirements" >&2
  echo "oracle: trying the imports" >&2
  TF_CPP_MIN_LOG_LEVEL=3 "$python" -c 'import torch, tensorflow, onnx, onnxruntime, numpy, PIL, safetensors' >&2
  cp "$requirements" "$stamp"
fi
# An absolute path, whatever DIR was.
echo "$(cd "$venv" && pwd)/bin/python"
