#!/usr/bin/env bash
# Formats every C and C++ file of the repository in place; with --check only says which differ.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[[ ${1-} == --check ]] && mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp' '*.c' '*.h' |
  xargs -0 -r -n 32 -P "$(nproc)" clang-format-19 "${mode[@]}" ||
  { echo "Some files are not formatted: run 'make format'." >&2; exit 1; }
