// What the use cases are given: the database, randomness, keys, and the ports they need. Built in
// main, handed down; everything here may be used from several threads at a time.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "control/configuration/cluster_models.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/core/model.hpp"
#include "control/core/shared_answers.hpp"
#include "control/core/standings.hpp"
#include "control/pki/authority.hpp"
#include "snapshot/node_config.hpp"

namespace rap::control {

// Rate limits per key; the implementation reads the clock.
class Throttle {
 public:
  enum class Kind : std::uint8_t { sign_in_account, sign_in_source, enrolment_source };
  virtual ~Throttle() = default;
  // nullopt: go ahead. Else how long to wait.
  virtual std::optional<Duration> take(Kind kind, std::string_view key) = 0;
  virtual void give_back(Kind kind, std::string_view key) = 0;
};

// argon2id with a bound on how many run at once; nullopt when that many run and wait already.
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  virtual std::optional<std::string> hash(std::string_view password) = 0;
  virtual std::optional<bool> check(std::string_view password, std::string_view phc_hash) = 0;
};

// The keys for a rotation of trust, on the control plane's host (rap-control trust prepare).
class TrustKeys {
 public:
  virtual ~TrustKeys() = default;
  // What was prepared; nullopt when nothing was. An error is a sentence.
  virtual std::expected<std::optional<PreparedTrust>, std::string> prepared() = 0;
  // Makes the authority that the state calls for the current one. May be repeated.
  virtual std::expected<void, std::string> follow(const TrustState& state,
                                                  const TokenKeyState& tokens,
                                                  std::vector<std::string> bundles) = 0;
  // The next key for tokens, made unless there is one; nobody uses it before a state names it.
  virtual std::expected<snapshot::TokenKey, std::string> next_token_key() = 0;
};

struct Settings {
  std::string public_url;  // https://HOST:PORT, where people and agents reach the API
  std::string node_url;    // HOST:PORT of the node listener
  std::string version;
  // How long nodes may act on what they were told without hearing of us.
  std::chrono::seconds config_valid_for{snapshot::kDefaultValidForS};
};

class OcspSigners;  // control/ocsp.hpp

struct Services {
  Database& database;
  RandomSource& rng;
  Throttle& throttle;
  PasswordHasher& passwords;
  CurrentAuthority& authority;
  TrustKeys& trust_keys;
  ClusterModels& models;
  Standings& standings;
  SharedAnswers& answers;
  Metrics& metrics;
  Log& log;
  Settings settings;
  OcspSigners* ocsp = nullptr;  // null: there is no responder, and certificates demand none
};

}  // namespace rap::control
