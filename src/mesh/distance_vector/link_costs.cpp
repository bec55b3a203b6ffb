#include "mesh/distance_vector/link_costs.hpp"

#include <algorithm>

namespace rap::routes {
namespace {

constexpr std::uint64_t kPermille = 1000;
constexpr std::uint64_t kMebibyteInKbit = 8 * 1024 * 1024 / 1000;
constexpr std::uint64_t kMicroseconds = 1'000'000;
// What is lost is sent again after about two more round trips.
constexpr std::uint64_t kRoundTripsOfALoss = 2;

RouteMetric bounded(std::uint64_t cost) {
  return static_cast<RouteMetric>(std::min<std::uint64_t>(cost, kMaxLinkCost));
}

}  // namespace

LinkCosts link_costs(const LinkFigures& figures) {
  const std::uint64_t lost = std::min<std::uint64_t>(figures.loss_permille, kPermille);
  if (lost == kPermille) return {kMaxLinkCost, kMaxLinkCost};
  const std::uint64_t round_trip = figures.latency_us;
  const std::uint64_t late = round_trip / 2 + figures.jitter_us +
                             round_trip * kRoundTripsOfALoss * lost / (kPermille - lost);
  const std::uint64_t capacity =
      figures.capacity_kbit == 0 ? kAssumedCapacity : figures.capacity_kbit;
  // Loss holds bulk down by more than its share: throughput falls with its square root at least.
  const std::uint64_t a_mebibyte = kMebibyteInKbit * kMicroseconds / capacity;
  const std::uint64_t slow = a_mebibyte * (kPermille + 9 * lost) / kPermille;
  return {bounded(kHopCost + late), bounded(kHopCost + slow)};
}

}  // namespace rap::routes
