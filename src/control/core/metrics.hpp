// Counters of the control plane, and their text in Prometheus' exposition format (OB-1).
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics_text.hpp"
#include "base/time.hpp"
#include "wire/fallback_cause.hpp"

namespace rap::control {

inline constexpr std::string_view kSourcePrefix = "rap_control_";

struct StateCount {
  std::string state;
  std::uint64_t count = 0;
};

// What the database says, at the moment it is asked.
struct ClusterFigures {
  std::vector<StateCount> nodes;
  std::vector<StateCount> sessions;
  std::uint64_t histories = 1;        // core/history_loss.hpp
  std::vector<StateCount> notices;    // of nodes, by code
  // How far each node's clock is ahead of ours, by the node's name; negative: behind.
  std::vector<std::pair<std::string, std::chrono::seconds>> clock_skews;
  std::vector<std::pair<std::string, WallTime>> metrics_tokens;  // by name, when each expires
};

class Metrics {
 public:
  // A set of routes that is counted together: "api" or "node". Called before serving.
  void add_routes(std::string_view listener, const std::vector<std::string_view>& operations);

  // `operation` is one of add_routes(), or "" for requests that matched none.
  void count_request(std::string_view listener, std::string_view operation, int status);
  void count_sign_in_failure() { sign_in_failures_.fetch_add(1, std::memory_order_relaxed); }

  void count_fallback(wire::FallbackCause cause) {
    fallbacks_[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
  }

  // More to be told, under kSourcePrefix. Called before serving; `write` at any time and from any
  // thread.
  void add_source(std::function<void(MetricsText&)> write);

  // nullopt: the database is away, and what it knows is left out.
  std::string text(const std::optional<ClusterFigures>& figures) const;

 private:
  static constexpr std::array kStatuses = {200, 201, 202, 204, 400, 401, 403, 404, 405,
                                           409, 413, 422, 429, 431, 500, 503, 0 /* any other */};
  struct Counted {
    std::string listener;
    std::string operation;
    std::array<std::atomic<std::uint64_t>, kStatuses.size()> by_status{};
  };
  std::vector<std::unique_ptr<Counted>> routes_;
  std::vector<std::function<void(MetricsText&)>> sources_;
  std::atomic<std::uint64_t> sign_in_failures_{0};
  std::array<std::atomic<std::uint64_t>, wire::kFallbackCauses.size()> fallbacks_{};
};

}  // namespace rap::control
