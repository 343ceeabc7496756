#!/usr/bin/env bash
# A Debian tree with the Swift compiler, and a way to run a command inside it.
#
#   swift-tree.sh make TREE               build it unless its stamp says that it is there
#   swift-tree.sh run TREE REPO DIR CMD…  run CMD in DIR; REPO is seen at its own absolute path
#
# Debian 12 has no Swift; Debian 13 has 6.0.3. The tree is built aside and moved into place when it is
# whole, so an interrupted build leaves nothing that looks finished. All mounts live in a private mount
# namespace that ends with the command: nothing stays mounted, and removing the tree cannot reach the
# repository. Needs root.
set -euo pipefail

SUITE=trixie
PACKAGES="swiftlang g++ libc6-dev libstdc++-14-dev"
STAMP="recipe 2: $SUITE $PACKAGES"

die() { echo "swift-tree: $*" >&2; exit 1; }

# The mirror and the way to reach it are the machine's own: whatever apt uses here, the tree uses too.
mirror() {
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F'|' '$1 == "Debian" && $2 == "Debian" && $3 == "main" { print $4; exit }'
}

# Transport settings only (proxy, certificates, date checks), not the hooks of packages the tree lacks.
copy_apt_settings() {
  local tree=$1 file
  apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|Retries|ForceIP|Max-|Min-|AllowInsecure|By-Hash|Proxy)' \
    > "$tree/etc/apt/apt.conf.d/90host" || true
  echo 'APT::Install-Recommends "false";' >> "$tree/etc/apt/apt.conf.d/90host"
  for file in /etc/apt/auth.conf /etc/apt/auth.conf.d; do
    if [ -e "$file" ]; then cp -a "$file" "$tree/etc/apt/"; fi
  done
  if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    mkdir -p "$tree/etc/ssl/certs"
    cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
  fi
  cp /etc/resolv.conf "$tree/etc/resolv.conf" 2>/dev/null || true
  if [ -e /etc/hosts ]; then cp /etc/hosts "$tree/etc/hosts"; fi
}

# Inside the private namespace: debootstrap mounts proc itself and may leave it, the namespace ends it.
build() {
  local aside=$1 from
  from=$(mirror)
  [ -n "$from" ] || die "apt knows no Debian mirror: run apt-get update first"
  debootstrap --variant=minbase "$SUITE" "$aside" "$from"
  copy_apt_settings "$aside"
  mountpoint -q "$aside/proc" || mount -t proc proc "$aside/proc"
  export DEBIAN_FRONTEND=noninteractive
  chroot "$aside" apt-get update
  # shellcheck disable=SC2086 # a list of words
  chroot "$aside" apt-get install -y --no-install-recommends $PACKAGES
  chroot "$aside" apt-get clean
  rm -rf "$aside"/var/lib/apt/lists/*
  chroot "$aside" swift --version
  mkdir -p "$aside/home/build"
  chmod 1777 "$aside/home/build"
}

make_tree() {
  local tree=$1 aside
  [ "$(cat "$tree/.stamp" 2>/dev/null)" != "$STAMP" ] || return 0
  command -v debootstrap >/dev/null || die "debootstrap is missing"
  mkdir -p "$(dirname "$tree")"
  exec 9> "$tree.lock"
  flock 9
  [ "$(cat "$tree/.stamp" 2>/dev/null)" != "$STAMP" ] || return 0
  aside=$tree.building
  rm -rf --one-file-system "$aside"
  unshare --mount --propagation private -- "$BASH" "$0" build "$aside"
  echo "$STAMP" > "$aside/.stamp"
  rm -rf --one-file-system "$tree"
  mv "$aside" "$tree"
}

# The caller's variables are not handed on, except the few that the tests read.
enter() {
  local tree=$1 repo=$2 dir=$3 name keep=()
  shift 3
  mount -t proc proc "$tree/proc" 2>/dev/null || mount --rbind /proc "$tree/proc"
  mount --rbind /dev "$tree/dev"
  mount --bind /tmp "$tree/tmp"
  mkdir -p "$tree$repo"
  mount --bind "$repo" "$tree$repo"
  if [ -n "${CARGO_TARGET_DIR:-}" ]; then
    mkdir -p "$CARGO_TARGET_DIR" "$tree$CARGO_TARGET_DIR"
    mount --bind "$CARGO_TARGET_DIR" "$tree$CARGO_TARGET_DIR"
  fi
  for name in $(compgen -e | grep -E '^(KABAO.*|CARGO_TARGET_DIR|CI|TERM)$' || true); do
    keep+=("$name=${!name}")
  done
  exec chroot --userspec="${SUDO_UID:-0}:${SUDO_GID:-0}" "$tree" /usr/bin/env -i \
    PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/build LANG=C.UTF-8 "${keep[@]}" \
    /bin/bash -c 'cd "$1" && shift && exec "$@"' enter "$dir" "$@"
}

case ${1:-} in
  make) make_tree "$2" ;;
  build) build "$2" ;;
  enter) shift; enter "$@" ;;
  run)
    shift
    [ -e "$1/.stamp" ] || die "no tree at $1: run cargo xtask setup"
    exec unshare --mount --propagation private -- "$BASH" "$0" enter "$@"
    ;;
  *) die "usage: swift-tree.sh make TREE | run TREE REPO DIR COMMAND…" ;;
esac
