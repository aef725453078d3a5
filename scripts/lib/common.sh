# Shared by the scripts of this folder; sourced, never run. Leaves the caller in the project's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
ROOT=$PWD
# Read by whatever sources this file.
# shellcheck disable=SC2034
BUN="$ROOT/node_modules/.bin/bun"
# shellcheck disable=SC2034
DENO="$ROOT/node_modules/.bin/deno"
FLOWCTL_CACHE=${FLOWCTL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/flowctl}
PEERS="${FLOWCTL_PEERS:-$FLOWCTL_CACHE/peers}"

say() { printf '%s\n' "$*" >&2; }

die() {
  say "error: $1"
  [ $# -lt 2 ] || say "hint: $2"
  exit 1
}

# Installs the dependencies as the lock file has them, unless they are there already.
install_dependencies() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    die "Node and npm are needed, and nothing else" "install Node 20 or newer from https://nodejs.org"
  node scripts/lib/installed.mjs && return
  say "Installing the dependencies (npm ci)…"
  npm ci --no-progress --loglevel=error >&2 || die "npm ci failed"
}
