// What is signed once for all who ask (CRLs, the deny list of clients): kept in the database, where
// all servers find the same, and signed anew when what it says changed or it got old.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "control/core/database.hpp"

namespace rap::control {

struct Publication {
  std::string name;
  std::uint64_t version = 0;  // grows, also over a database that was restored
  std::uint64_t admissions = 0;  // as of which what it says was looked up (ClusterRepository)
  std::string digest;  // of what it says
  WallTime issued_at{};
  std::string body;
};

class PublicationRepository {
 public:
  virtual ~PublicationRepository() = default;
  // The publication comes without its body when that is of the version `but_not`.
  virtual std::optional<Publication> find(std::string_view name, std::uint64_t but_not) = 0;
  // The same, until the transaction ends nobody else's; it is empty when there was none.
  virtual Publication lock(std::string_view name) = 0;
  virtual void put(const Publication& publication) = 0;  // one that was locked
};

// What a publication would say now.
struct Edition {
  std::string digest;  // of all that it says but its version and times
  std::function<std::string(std::uint64_t version)> sign;
};

struct PublicationRules {
  std::string name;
  std::chrono::seconds refresh{};  // signed anew after that, though it says the same
  // nullopt: there is more to say than it may hold. Better none than one with a hole.
  std::function<std::optional<Edition>(Transaction&)> edit;
};

// Runs in the platform's scope. The body is left out when its version is `but_not`. nullopt: too
// much to say, or no cluster.
std::optional<Publication> newest(Transaction& tx, const PublicationRules& rules, WallTime now,
                                  std::uint64_t but_not = 0);

}  // namespace rap::control
