// The one rap-fabric of a state directory, from its start to its end: its lock, the event loop, the
// signals; and its pid file, by which an agent of its own user adopts it.
#pragma once

#include <expected>
#include <string>

#include "base/log/log.hpp"
#include "node/fabric/settings.hpp"

namespace rap::fabric {

inline constexpr const char* kLockFile = "fabric.lock";
inline constexpr const char* kPidFile = "fabric.pid";

// Returns after a signal, or why it cannot run: another rap-fabric holds the lock.
std::expected<void, std::string> run_fabric(const Settings& settings, Log& lines);

}  // namespace rap::fabric
