// What a node that polls is answered from without a transaction of its own: with thousands of
// nodes, most calls are of that kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.hpp"

namespace rap::control {

// The newest there is of what nodes poll for.
struct Horizon {
  std::uint64_t admissions = 0;  // counts what decides over which node is admitted
  std::uint64_t config_version = 0;
  std::uint64_t epochs = 0;  // numbers of the newest changes of the delta channel
  std::uint64_t blocklist = 0;
  std::uint64_t forgotten = 0;  // the newest removal that is not kept any more
  bool operator==(const Horizon&) const = default;
};

// Of one node: which of all changes of admissions was its last.
struct AdmissionChange {
  NodeId node;
  std::uint64_t number = 0;
};

class Standings {
 public:
  virtual ~Standings() = default;
  // As of a moment ago, for a node that was admitted with this certificate, since when nothing has
  // changed for it. nullopt: ask the database.
  virtual std::optional<Horizon> horizon_of(NodeId node, std::string_view serial) = 0;
  // It was admitted in a transaction that saw this count of admissions.
  virtual void remember(NodeId node, std::string_view serial, std::uint64_t admissions) = 0;
};

}  // namespace rap::control
