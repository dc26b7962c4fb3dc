# shellcheck shell=bash
# The container engine of a CI run: uses a running one, or starts one and stops it at the end.

ENGINE_WAIT_SECONDS=60
engine_directory=""
engine_policy=""
engine_bridge=""

say() { printf '.ci/run: %s\n' "$*"; }
die() { printf '.ci/run: %s\n' "$*" >&2; exit 1; }

engine_answers() {
  command -v docker >/dev/null && timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || die "${missing[*]} missing, and only root can install packages: install them, or start a container engine, then run again"
  say "installing ${missing[*]}"
  refuse_service_starts
  apt-get -qq update || die "apt-get update failed: see above, then run again"
  DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "${missing[@]}" </dev/null >/dev/null \
    || die "apt-get install ${missing[*]} failed: see above, then run again"
  allow_service_starts
}

# The packages would start an engine that this run does not stop.
refuse_service_starts() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  engine_policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' >"$engine_policy"
  chmod 755 "$engine_policy"
}

allow_service_starts() {
  [ -z "$engine_policy" ] || rm -f "$engine_policy"
  engine_policy=""
}

provide_engine() {
  if engine_answers; then
    say "container engine: already running, $(docker version --format '{{.Server.Version}}')"
    return 0
  fi
  install_packages docker.io
  command -v docker >/dev/null || install_packages docker-cli
  start_engine
}

start_engine() {
  # A short path: the path of a Unix socket has at most 107 bytes.
  engine_directory="$(mktemp -d /tmp/ci-engine.XXXXXX)"
  export DOCKER_HOST="unix://$engine_directory/engine.sock"
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY DOCKER_CERT_PATH
  [ -e /sys/class/net/docker0 ] || engine_bridge=docker0
  # Ports are bound to loopback by a proxy; the packet filter of the machine is not changed.
  dockerd --host "$DOCKER_HOST" --pidfile "$engine_directory/engine.pid" \
    --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    --data-root "$engine_directory/data" --exec-root "$engine_directory/exec" \
    >"$engine_directory/engine.log" 2>&1 </dev/null &
  local process=$! waited=0
  until engine_answers; do
    kill -0 "$process" 2>/dev/null || engine_failed "exited while starting"
    [ "$waited" -lt "$ENGINE_WAIT_SECONDS" ] || engine_failed "did not start within $ENGINE_WAIT_SECONDS seconds"
    sleep 1
    waited=$((waited + 1))
  done
  say "container engine: started by this run, $(docker version --format '{{.Server.Version}}')"
}

engine_failed() {
  tail -n 20 "$engine_directory/engine.log" >&2
  die "the container engine $1: the end of its log is above"
}

remove_run_containers() {
  local containers
  containers="$(timeout 30 docker ps --all --quiet --filter "label=backend.postgres.run=$POSTGRES_RUN" 2>/dev/null)" || return 0
  [ -z "$containers" ] || { say "removing leftover containers of this run"; echo "$containers" | xargs timeout 60 docker rm --force --volumes >/dev/null || true; }
}

stop_engine() {
  allow_service_starts
  [ -n "$engine_directory" ] || return 0
  local process waited=0 mount
  process="$(cat "$engine_directory/engine.pid" 2>/dev/null || true)"
  if [ -n "$process" ] && kill "$process" 2>/dev/null; then
    while kill -0 "$process" 2>/dev/null && [ "$waited" -lt 150 ]; do sleep 0.2; waited=$((waited + 1)); done
    kill -KILL "$process" 2>/dev/null || true
    say "container engine stopped"
  fi
  while read -r _ mount _; do
    case "$mount" in "$engine_directory"/*) umount --lazy "$mount" || true ;; esac
  done </proc/mounts
  [ -z "$engine_bridge" ] || ! command -v ip >/dev/null || ip link delete "$engine_bridge" 2>/dev/null || true
  rm -rf --one-file-system "$engine_directory" || say "could not remove $engine_directory: remove it by hand"
  engine_directory=""
}
