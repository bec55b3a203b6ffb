#!/usr/bin/env bash
# Builds the fuzzers and runs each for the given seconds, starting from the seeds in
# tests/fuzz/seeds/<name>. What a run learns stays in build/fuzz/corpus/<name>; an input that
# crashes is kept in build/fuzz/crashes and named at the end.
#
# usage: tools/fuzz.sh SECONDS [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=$1
shift
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target fuzzers -j "${JOBS:-$(nproc)}"

names=("$@")
((${#names[@]})) || for target in build/fuzz/bin/fuzz_*; do names+=("${target##*/fuzz_}"); done

run_one() {
  local name=$1 corpus=build/fuzz/corpus/$1 log=build/fuzz/$1.log
  mkdir -p "$corpus" build/fuzz/crashes
  if build/fuzz/bin/fuzz_"$name" -max_total_time="$2" -timeout=5 -rss_limit_mb=2048 \
      -artifact_prefix=build/fuzz/crashes/"$name"- "$corpus" tests/fuzz/seeds/"$name" \
      >"$log" 2>&1; then
    printf '  %-16s %s\n' "$name" "$(grep -E '^Done' "$log")"
  else
    printf '  %-16s FAILED, see %s and build/fuzz/crashes\n' "$name" "$log"
    return 1
  fi
}
export -f run_one
echo "Fuzzing for $seconds s each:"
printf '%s\n' "${names[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c "run_one {} $seconds"
