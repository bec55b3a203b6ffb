#!/usr/bin/env bash
# Installs the Debian packages that the named groups need and this machine lacks. A package that is
# there already is never upgraded, and nothing that is only recommended comes along.
#
# usage: tools/packages.sh GROUP...     groups: build test lab tools tsan lint demo
#                                       bench
set -euo pipefail

declare -A groups=(
  [build]="clang-19 cmake ninja-build ccache mold libboost1.81-dev nlohmann-json3-dev libcli11-dev
           libargon2-dev libc-ares-dev libssl-dev libpq-dev libsqlite3-dev"
  [test]="libclang-rt-19-dev llvm-19 libgtest-dev libgmock-dev binutils openssl postgresql-15
          openssh-client openssh-server python3 python3-cryptography gnutls-bin rsync git
          tinyproxy-bin faketime systemd"
  [lab]="iproute2 tcpdump util-linux"
  [tools]="ansible-core sshuttle"
  [tsan]="g++"
  [lint]="clang-19 clang-format-19 clang-tidy-19 python3"
  [demo]="postgresql-15 openssh-client openssh-server openssl python3"
  [bench]="haproxy iperf3 openssl python3"
)

wanted=()
for group in "$@"; do
  [[ -v "groups[$group]" ]] || { echo "packages.sh: no group '$group'" >&2; exit 2; }
  read -r -d '' -a names <<<"${groups[$group]} " || true
  wanted+=("${names[@]}")
done

missing=()
for name in "${wanted[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
  [[ $status == installed || " ${missing[*]-} " == *" $name "* ]] || missing+=("$name")
done
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "These Debian packages are missing. Install them as root, then run this again:" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "Installing Debian packages${as_root:+ (sudo may ask for your password)}: ${missing[*]}"

# Installing a server package on Debian starts the server. Nothing here wants a system-wide sshd,
# PostgreSQL or haproxy, so services stay off while we install, unless a policy is set already.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  trap '"${as_root[@]}" rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
  "${as_root[@]}" chmod 755 "$policy"
fi
declare -A services=([openssh-server]=ssh [postgresql-15]=postgresql [haproxy]=haproxy)
# A service that somebody had enabled stays so: another version of its package may be there.
ours=()
for name in "${missing[@]}"; do
  [[ -v "services[$name]" ]] || continue
  systemctl is-enabled --quiet "${services[$name]}" 2>/dev/null || ours+=("${services[$name]}")
done
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
"${apt[@]}" update
"${apt[@]}" install --no-install-recommends --no-upgrade "${missing[@]}"

if command -v systemctl >/dev/null; then
  for service in "${ours[@]}"; do
    "${as_root[@]}" systemctl disable "$service" >/dev/null 2>&1 || true
  done
fi
