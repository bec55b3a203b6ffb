#include "node/fabric/run_fabric.hpp"

#include <unistd.h>

#include "io/stream/event_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "node/fabric/fabric.hpp"

namespace rap::fabric {
namespace {

constexpr mode_t kPidFileMode = 0644;

}  // namespace

std::expected<void, std::string> run_fabric(const Settings& settings, Log& log) {
  const auto lock = io::FileLock::try_lock(settings.state / kLockFile);
  if (!lock) return std::unexpected("another rap-fabric runs on " + settings.state.string());
  const auto pid = io::write_file_atomic(settings.state / kPidFile,
                                         std::to_string(::getpid()) + "\n", kPidFileMode);
  if (!pid) log.error("pid_file.failed", {{"detail", pid.error()}});

  io::raise_descriptor_limit();
  io::EventLoop loop;
  Fabric node(loop, settings, log);
  loop.on_signal([&] { node.shut_down([&] { loop.stop(); }); });
  log.info("fabric.started", {{"pid", ::getpid()}});
  loop.run();
  log.info("fabric.stopped");
  return {};
}

}  // namespace rap::fabric
