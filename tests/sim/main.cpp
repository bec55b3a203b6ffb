// rap-sim: plays the channel lifecycle of a whole cluster from a seed, and replays it.
//   rap-sim SEED             one history in full; prints its digest, or what went wrong
//   rap-sim SEED --seeds N   N histories from SEED on
//   rap-sim --seconds S      fresh seeds for S seconds
// Exit status 1 when an invariant did not hold; the line names the seed that shows it again.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <random>

#include "sim/world.hpp"

namespace {

bool play(std::uint64_t seed, bool aloud) {
  const rap::sim::Result r = rap::sim::World({.seed = seed}).run();
  if (r.violation) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), r.violation->c_str());
    std::printf("again: make sim SEED=%llu\n", static_cast<unsigned long long>(seed));
    return false;
  }
  if (aloud) {
    std::printf("seed %llu: %llu dials, %llu transitions, %llu payloads\ndigest %016llx\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(r.dials),
                static_cast<unsigned long long>(r.transitions),
                static_cast<unsigned long long>(r.payloads),
                static_cast<unsigned long long>(r.digest));
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays the channel lifecycle of a whole cluster from a seed."};
  std::uint64_t seed = 0;
  std::uint64_t seeds = 1;
  double seconds = 0;
  auto* from = app.add_option("seed", seed, "The first seed; fresh ones without it");
  app.add_option("--seeds", seeds, "How many");
  app.add_option("--seconds", seconds, "Go on with further seeds for this long");
  CLI11_PARSE(app, argc, argv);
  if (from->count() == 0) seed = std::random_device{}();
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t played = 0;
  while (played < seeds || std::chrono::steady_clock::now() < until) {
    if (!play(seed + played, seeds == 1 && seconds == 0)) return 1;
    ++played;
  }
  if (played > 1) {
    std::printf("%llu histories from seed %llu on: nothing was violated\n",
                static_cast<unsigned long long>(played), static_cast<unsigned long long>(seed));
  }
  return 0;
}
