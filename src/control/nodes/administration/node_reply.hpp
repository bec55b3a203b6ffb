// What the API says of a node, its notices among it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/time.hpp"
#include "control/http/schema.hpp"
#include "control/nodes/node.hpp"

namespace rap::control {

Fields node_fields();
nlohmann::json to_json(const Node& node, WallTime now);

}  // namespace rap::control
