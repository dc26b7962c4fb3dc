# shellcheck shell=bash
# The PostgreSQL image of a CI run: one that is present, pulled, or built from this machine's package sources.

PULL_SECONDS=60

provide_image() {
  local wanted="${POSTGRES_IMAGE:-postgres:18}"
  if image_is_present "$wanted"; then
    say "image: $wanted is present"
  elif timeout "$PULL_SECONDS" docker pull --quiet "$wanted" >/dev/null 2>&1 </dev/null; then
    say "image: $wanted was pulled"
  else
    wanted="ci-postgres:$(debian_codename)-$(cat .ci/image.sh .ci/postgres-image/entrypoint | sha256sum | cut -c 1-8)"
    if image_is_present "$wanted"; then
      say "image: $wanted was built by an earlier run"
    else
      say "image: ${POSTGRES_IMAGE:-postgres:18} cannot be pulled, building $wanted (about a minute)"
      build_image "$wanted"
    fi
  fi
  export POSTGRES_IMAGE="$wanted"
}

image_is_present() { timeout 10 docker image inspect "$1" >/dev/null 2>&1; }

debian_codename() { (. /etc/os-release && printf '%s' "$VERSION_CODENAME"); }

package_sources() {
  local list
  for list in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ ! -s "$list" ] || { printf '%s' "$list"; return 0; }
  done
  die "no Debian package sources in /etc/apt: set POSTGRES_IMAGE to an available image"
}

build_image() {
  local sources settings=() archive
  install_packages mmdebstrap
  sources="$(package_sources)"
  archive="$image_directory/system.tar"
  settings+=(--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*')
  # The entry point creates the cluster, for the given user and database.
  settings+=(--essential-hook='mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"')
  settings+=(--customize-hook="upload $checkout/.ci/postgres-image/entrypoint /usr/local/bin/entrypoint")
  settings+=(--customize-hook='chmod 755 "$1/usr/local/bin/entrypoint"')
  timeout 900 mmdebstrap --quiet --variant=essential --include=postgresql "${settings[@]}" \
    "$(debian_codename)" "$archive" "$sources" </dev/null || die "mmdebstrap failed: see above"
  docker import --change 'ENTRYPOINT ["/usr/local/bin/entrypoint"]' --change 'CMD ["postgres"]' \
    --change 'EXPOSE 5432' "$archive" "$1" >/dev/null || die "docker import failed: see above"
  rm -f "$archive"
}
