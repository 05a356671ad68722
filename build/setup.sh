#!/bin/sh
# Installs the npm packages that are not installed yet. Run by `npm run setup`.
# usage: build/setup.sh [ARCH]   ARCH: the target, x64 or arm64; default: this machine's
# npm refuses to install Bun for musl, the base of dist/bunc, on other systems: hence a separate folder, and --force
# (docs/decisions/0005-static-executable.md).
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
