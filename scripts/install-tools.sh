#!/usr/bin/env bash
# Installs what `make test-all` needs and what does not come from the Python package index: gh, Chromium, Node, and
# with it GitHub's own packages, as tests/tools/package-lock.json has them. What is there already is left alone. Works
# on Debian and its relatives as root or with sudo; elsewhere it says what to install. A test whose tool is missing is
# skipped, so this script fails only where an installation does.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v gh >/dev/null || missing+=(gh)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
  missing+=(chromium)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)

packages() {
  if ! command -v npm >/dev/null; then return; fi
  if cmp --silent tests/tools/package-lock.json .cache/node/package-lock.json; then return; fi
  mkdir -p .cache/node
  cp tests/tools/package.json .cache/node/
  (cd .cache/node && cp ../../tests/tools/package-lock.json . && npm ci --ignore-scripts --no-audit --no-fund) ||
    { rm -f .cache/node/package-lock.json; return 1; }
}

if ((${#missing[@]} == 0)); then
  echo "gh, Chromium, node and npm are here."
  packages
  exit 0
fi

by_hand() {
  echo "Not installed: ${missing[*]}. $1" >&2
  echo "Install them by hand to run the tests that need them; without them these tests are skipped." >&2
  packages
  exit 0
}

command -v apt-get >/dev/null || by_hand "This system has no apt-get."
as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || by_hand "Installing needs root, and there is no sudo."
  sudo -n true 2>/dev/null || [[ -t 0 ]] || by_hand "Installing needs root, and sudo would ask for a password."
  as_root=(sudo)
fi

echo "Installing with apt-get: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
packages
