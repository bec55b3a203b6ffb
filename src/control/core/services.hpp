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
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "snapshot/node_config.hpp"

namespace rap::control {

class Throttle;          // http/throttle.hpp
class PasswordHasher;    // people/password_hasher.hpp
class CurrentAuthority;  // pki/authority.hpp
class TrustKeys;         // pki/trust_keys.hpp
class OcspSigners;       // pki/ocsp_signers.hpp
class ClusterModels;     // configuration/cluster_models.hpp
class AdmissionCache;         // link/admission.hpp
class SharedAnswers;     // link/shared_answers.hpp

struct Settings {
  std::string public_url;  // https://HOST:PORT, where people and agents reach the API
  std::string node_url;    // HOST:PORT of the node listener
  std::string version;
  // How long nodes may act on what they were told without hearing of us.
  std::chrono::seconds config_valid_for{snapshot::kDefaultValidForS};
};

struct Services {
  Database& database;
  RandomSource& rng;
  Throttle& throttle;
  PasswordHasher& passwords;
  CurrentAuthority& authority;
  TrustKeys& trust_keys;
  ClusterModels& models;
  AdmissionCache& admission_cache;
  SharedAnswers& answers;
  Metrics& metrics;
  Log& log;
  Settings settings;
  OcspSigners* ocsp = nullptr;  // null: there is no responder, and certificates demand none
};

}  // namespace rap::control
