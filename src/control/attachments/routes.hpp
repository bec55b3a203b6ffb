// The routes of what people do with sessions.
#pragma once

#include <vector>

#include "control/attachments/ports.hpp"
#include "control/http/route.hpp"

namespace rap::control {

std::vector<RouteOf<AttachmentPorts>> attachment_routes();
std::vector<RouteOf<FallbackPorts>> fallback_routes();
std::vector<RouteOf<AttachmentPorts>> session_routes();

}  // namespace rap::control
