#!/bin/sh
# Installs what the project needs from npm, as far as it is not there yet. Run by `npm run setup`.
# usage: build/setup.sh [ARCH]   ARCH: x64 or arm64, for which to build; by default this machine's
# Bun for musl, of which dist/bunc is made, is a package that npm refuses on other systems: hence a folder of its own,
# and --force (docs/decisions/0005-static-executable.md).
set -eu
cd "$(dirname "$0")/.."

# usage: install_in FOLDER NPM_ARGUMENT…
install_in() {
  folder=$1
  shift
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return
  (cd "$folder" && npm "$@" --no-audit --no-fund --loglevel=error)
}

install_in . install --no-save
install_in "build/bun/${1:-$(node -p process.arch)}" ci --force
