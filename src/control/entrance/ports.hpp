// The ports of the people's API, and those of the entrance's own use cases. Those of the audit log
// need the database alone.
#pragma once

#include <string>

#include "base/ids.hpp"
#include "base/log/log.hpp"
#include "control/core/database.hpp"
#include "control/core/metrics.hpp"
#include "control/people/scraper_cache.hpp"
#include "control/people/signing_in/ports.hpp"
#include "control/pki/authority.hpp"

namespace rap::control {

struct ApiPorts {
  Database& database;
  CurrentAuthority& authority;
  Metrics& metrics;
  Log& log;
  SignInDevices devices;
  ScraperCache& scrapers;
};

struct PlatformPorts {
  Database& database;
  CurrentAuthority& authority;
  Metrics& metrics;
  // The API's description of itself. It is made once: whoever asks for it is a stranger, and it
  // takes longer to make than anything else that strangers may ask for.
  std::string description;
};

}  // namespace rap::control
