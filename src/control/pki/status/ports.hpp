// The ports of those who tell how certificates stand.
#pragma once

#include <chrono>

#include "base/log/log.hpp"
#include "base/random.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/pki/authority.hpp"
#include "control/pki/ocsp_signers.hpp"

namespace rap::control {

// The ports of the lists: the deny list and the CRLs.
struct StatusPorts {
  Database& database;
  CurrentAuthority& authority;
  Log& log;
};

// The ports of the OCSP responder, which is handed a database apart.
struct OcspPorts {
  CurrentAuthority& authority;
  OcspSigners& signers;
  RandomSource& rng;
  Metrics& metrics;
  Log& log;
  std::chrono::seconds config_valid_for;
};

}  // namespace rap::control
