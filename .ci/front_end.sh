# shellcheck shell=bash
# The requirements of the end-to-end tests: a recent Node, the npm packages of the front end, and Chromium.

provide_front_end() {
  local lowest
  command -v node >/dev/null && command -v npm >/dev/null \
    || die "Node and npm are missing: install Node 20.19 or later from nodejs.org (Debian 13 has it: apt-get install nodejs npm; Debian 12's 18 is too old), then run again"
  lowest="$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' frontend/package.json)"
  if [ "$(printf '%s\n' "$lowest" "$(node --version | tr -d v)" | sort --version-sort | head -n 1)" != "$lowest" ]; then
    die "Node $(node --version) is too old: the front end needs $lowest or later, from nodejs.org"
  fi
  # The lock file has hashes but no hosts: npm uses its configured registry.
  if [ ! -d frontend/node_modules ] || ! cmp -s frontend/package-lock.json frontend/node_modules/.ci-lock; then
    say "installing the npm packages of the front end"
    (cd frontend && npm ci --no-audit --no-fund --loglevel=error) || die "npm ci failed: see above, then run again"
    cp frontend/package-lock.json frontend/node_modules/.ci-lock
  fi
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
    || install_packages chromium
}
