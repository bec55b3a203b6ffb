#include "node/fabric/run_fabric.hpp"

#include <unistd.h>

#include "base/log/cluster_log.hpp"
#include "base/try.hpp"
#include "io/loop/event_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "io/system/throttled_log.hpp"
#include "node/fabric/fabric.hpp"

namespace rap::fabric {
namespace {

constexpr mode_t kPidFileMode = 0644;

}  // namespace

std::expected<void, std::string> run_fabric(const Settings& settings, Log& lines) {
  ClusterLog cluster_log(lines);
  io::ThrottledLog log(cluster_log, io::mono_now);
  RAP_TRY(io::make_directory(settings.state));
  const auto lock = io::FileLock::try_lock(settings.state / kLockFile);
  if (!lock) return std::unexpected("another rap-fabric runs on " + settings.state.string());
  if (!settings.agent_user) {
    const auto pid = io::write_file_atomic(settings.state / kPidFile,
                                           std::to_string(::getpid()) + "\n", kPidFileMode);
    if (!pid) log.error("pid_file.failed", {{"detail", pid.error()}});
  }

  io::raise_descriptor_limit();
  io::EventLoop loop;
  std::function<void()> end;
  Fabric node(loop, settings, cluster_log, log, [&] { end(); });
  end = [&] { node.shut_down([&] { loop.stop(); }); };
  loop.on_signal(end);
  log.info("fabric.started", {{"pid", ::getpid()}});
  loop.run();
  log.info("fabric.stopped");
  return {};
}

}  // namespace rap::fabric
