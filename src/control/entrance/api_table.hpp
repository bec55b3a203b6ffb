// The one table of the people's API: as data for who describes it, and with handlers for who serves
// it. Each room gives its own routes; the node listener's table is link/listener/node_table.hpp.
#pragma once

#include <string>
#include <tuple>
#include <vector>

#include "control/access/ports.hpp"
#include "control/attachments/ports.hpp"
#include "control/configuration/ports.hpp"
#include "control/entrance/ports.hpp"
#include "control/http/openapi.hpp"
#include "control/http/route.hpp"
#include "control/nodes/administration/ports.hpp"
#include "control/nodes/enrolment/ports.hpp"
#include "control/people/ports.hpp"
#include "control/people/signing_in/ports.hpp"
#include "control/pki/rotation/ports.hpp"
#include "control/pki/status/ports.hpp"

namespace rap::control {

// The ports of each room with routes. No handler sees them together: a table's rows are given those
// that they are typed on, found by that type.
using RoomPorts = std::tuple<Database&, SignInPorts, PeoplePorts, AccessPorts, JoinTokenPorts,
                             EnrolmentPorts, NodePorts, StatusPorts, RotationPorts, AttachmentPorts,
                             FallbackPorts, ConfigStatusPorts, PlatformPorts>;

std::vector<Endpoint> api_endpoints();

// Their OpenAPI document, as it is served.
std::string api_description(const ApiInfo& info);

// The same with their handlers. `rooms` must outlive them.
std::vector<Route> bound_routes(RoomPorts& rooms);

}  // namespace rap::control
