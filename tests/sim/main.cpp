// rap-sim: plays the channel lifecycle of a whole cluster from a seed, and replays it.
//   rap-sim SEED             one history in full; prints its digest, or what went wrong
//   rap-sim SEED --seeds N   N histories from SEED on
//   rap-sim --seconds S      fresh seeds for S seconds
//   rap-sim SEED --routes    the same of the routes of a mesh; --nodes N: how large it is
// Exit status 1 when an invariant did not hold; the line names the seed that shows it again.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <random>

#include "sim/routes/route_world.hpp"
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

long long in_ms(rap::Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

bool play_routes(std::uint64_t seed, std::size_t nodes, bool aloud) {
  rap::sim::RoutePlan plan;
  if (nodes > 0) plan = rap::sim::plan_of(nodes);
  plan.mesh.seed = seed;
  const rap::sim::RouteResult r = rap::sim::RouteWorld(plan).run();
  if (r.violation) {
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), r.violation->c_str());
    return false;
  }
  if (aloud) {
    std::printf("seed %llu: %llu changes, %llu lies, %zu pairs\ndigest %016llx\n",
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(r.changes),
                static_cast<unsigned long long>(r.lies), r.pairs,
                static_cast<unsigned long long>(r.digest));
    std::printf("after the last fault: p50 %lld ms, p99 %lld ms, all %lld ms\n", in_ms(r.half),
                in_ms(r.most), in_ms(r.longest));
    std::printf("a leaf: %zu destinations, %zu bytes, %zu bytes a minute; a relay: %zu bytes\n",
                r.leaf_destinations, r.leaf_memory, r.leaf_traffic, r.relay_memory);
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Plays the channel lifecycle of a whole cluster, or its routes, from a seed."};
  std::uint64_t seed = 0;
  std::uint64_t seeds = 1;
  double seconds = 0;
  auto* from = app.add_option("seed", seed, "The first seed; fresh ones without it");
  app.add_option("--seeds", seeds, "How many");
  app.add_option("--seconds", seconds, "Go on with further seeds for this long");
  bool routes = false;
  std::size_t nodes = 0;
  app.add_flag("--routes", routes, "Play the routes of a mesh instead");
  app.add_option("--nodes", nodes, "How many nodes that mesh has")->check(CLI::Range(10, 10000));
  CLI11_PARSE(app, argc, argv);
  if (from->count() == 0) seed = std::random_device{}();
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t played = 0;
  while (played < seeds || std::chrono::steady_clock::now() < until) {
    const bool aloud = seeds == 1 && seconds == 0;
    if (!(routes ? play_routes(seed + played, nodes, aloud) : play(seed + played, aloud))) return 1;
    ++played;
  }
  if (played > 1) {
    std::printf("%llu histories from seed %llu on: nothing was violated\n",
                static_cast<unsigned long long>(played), static_cast<unsigned long long>(seed));
  }
  return 0;
}
