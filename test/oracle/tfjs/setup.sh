#!/usr/bin/env bash
# Installs the native TensorFlow.js packages and links them to the oracles' TensorFlow, or sees at once that it is done.
#
#   test/oracle/tfjs/setup.sh         wants the built command (npm run build), a C++ compiler and the oracles' Python (../setup.sh, which it calls)
#
# The last line on stdout is the folder that has them, so that a caller can say
#   export TFJS_PACKAGES=$(bash test/oracle/tfjs/setup.sh | tail -n 1)
# Everything else goes to stderr. Exit code 0 only if both packages calculate a convolution and its gradient rightly.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
python="$(bash "$here/../setup.sh" | tail -n 1)"
tensorflow="$("$python" -c 'import importlib.util as u; print(u.find_spec("tensorflow").submodule_search_locations[0])')"
stamp="$here/node_modules/.ganc-linked"

# What the linked addons were made from: the packages' lock, the Node-API version, and the libraries' place, size and time.
state() {
  cat "$here/package-lock.json"
  node -p '`${process.versions.napi} ${process.arch}`'
  stat -L -c '%n %s %Y' "$tensorflow"/libtensorflow_{cc,framework}.so.2
}

present() {
  [ -f "$here/node_modules/@tensorflow/tfjs-node/lib/napi-v8/tfjs_binding.node" ] &&
    [ -f "$here/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node" ] && state | cmp -s - "$stamp"
}

if ! present; then
  [ -f "$root/dist/cli.js" ] || { echo "tfjs: npm run build comes first: ganc does the linking" >&2; exit 1; }
  # Where only the link is out of date the packages stay as they are.
  if ! cmp -s "$here/package-lock.json" "$here/node_modules/.ganc-installed"; then
    echo "tfjs: installing $here/package.json without scripts" >&2
    (cd "$here" && npm ci --ignore-scripts --no-audit --no-fund >&2)
    cp "$here/package-lock.json" "$here/node_modules/.ganc-installed"
  fi
  node "$root/dist/cli.js" tfjs-node link --tensorflow "$tensorflow" --package "$here" >&2
  state > "$stamp"
fi
echo "$here"
