// The ports for telling how far configurations have come. Editing them needs the database alone.
#pragma once

#include "control/configuration/cluster_models.hpp"
#include "control/core/database.hpp"
#include "control/pki/authority.hpp"

namespace rap::control {

struct ConfigStatusPorts {
  Database& database;
  ClusterModels& models;
  CurrentAuthority& authority;
};

}  // namespace rap::control
