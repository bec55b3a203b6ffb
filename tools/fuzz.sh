#!/usr/bin/env bash
# Builds the fuzzers (they are part of the build with sanitizers) and runs each, starting from the
# seeds in tests/fuzz/seeds/<name>. An input that crashes is kept in build/fuzz/crashes and named at
# the end.
#
# usage: tools/fuzz.sh fresh SECONDS [NAME...]   fresh seeds for so long; what a run learns stays in
#                                                build/fuzz/corpus/<name>
#        tools/fuzz.sh fixed RUNS [NAME...]      the seeds and so many inputs that are the same at
#                                                every run
set -euo pipefail
cd "$(dirname "$0")/.."

mode=$1 amount=$2
shift 2
case $mode in
  fresh) export bound="-max_total_time=$amount" ;;
  fixed) export bound="-seed=1 -runs=$amount" ;;
  *) echo "fuzz.sh: '$mode' is neither fresh nor fixed" >&2; exit 2 ;;
esac
export mode
cmake --preset asan >/dev/null
cmake --build --preset asan --target fuzzers -j "${JOBS:-$(nproc)}"

names=("$@")
((${#names[@]})) || for target in build/asan/bin/fuzz_*; do names+=("${target##*/fuzz_}"); done

run_one() {
  local name=$1 corpus=build/fuzz/corpus/$1 log=build/fuzz/$1.log
  if [[ $mode == fixed ]]; then
    corpus=build/fuzz/fixed/$name
    rm -rf "$corpus"
  fi
  mkdir -p "$corpus" build/fuzz/crashes
  # shellcheck disable=SC2086  # the bound is one or two words
  if build/asan/bin/fuzz_"$name" $bound -timeout=30 -rss_limit_mb=2048 \
      -artifact_prefix=build/fuzz/crashes/"$name"- "$corpus" tests/fuzz/seeds/"$name" \
      >"$log" 2>&1; then
    printf '  %-16s %s\n' "$name" "$(grep -E '^Done' "$log")"
  else
    printf '  %-16s FAILED, see %s and build/fuzz/crashes\n' "$name" "$log"
    return 1
  fi
}
export -f run_one
echo "Fuzzing, $mode ($bound):"
printf '%s\n' "${names[@]}" | xargs -P "${JOBS:-$(nproc)}" -I{} bash -c 'run_one "$1"' _ {}
