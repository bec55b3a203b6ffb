#!/usr/bin/env bash
# Prints the folder in which tests make theirs, for TMPDIR: in memory where there is enough of it,
# since most of a test's time is else waiting for a disk that others use; /var/tmp if not. What a
# test says about disks (full, read-only, slow) it makes itself, and what is killed in it loses as
# much on either.
set -euo pipefail

readonly memory=/dev/shm
readonly needed_kib=$((4 * 1024 * 1024))

# Free there, and free at all: what is put there is memory.
free_kib() {
  local there available
  there=$(df --output=avail "$memory" | tail -1)
  available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB/\1/p' /proc/meminfo)
  echo $((there < available / 2 ? there : available / 2))
}

if [[ -w $memory ]] && ! findmnt --noheadings --output OPTIONS --target "$memory" |
  grep -qw noexec && (($(free_kib) >= needed_kib)); then
  echo "$memory"
else
  echo /var/tmp
fi
