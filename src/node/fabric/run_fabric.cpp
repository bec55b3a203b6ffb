#include "node/fabric/run_fabric.hpp"

#include <unistd.h>

#include "base/cluster_log.hpp"
#include "io/stream/event_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "node/fabric/fabric.hpp"
#include "node/fabric/identity.hpp"
#include "wire/spiffe_id.hpp"

namespace rap::fabric {
namespace {

constexpr mode_t kPidFileMode = 0644;

// The cluster whose certificate the node has; nullopt when its files are not there.
std::optional<ClusterId> cluster_of(const Settings& settings) {
  const auto identity = read_identity(settings.state, io::wall_now());
  if (!identity) return std::nullopt;
  const auto names = identity->tls.chain.front().names();
  const auto id = names.uris.size() == 1 ? wire::SpiffeId::parse(names.uris.front()) : std::nullopt;
  return id ? std::optional(id->cluster) : std::nullopt;
}

}  // namespace

std::expected<void, std::string> run_fabric(const Settings& settings, Log& program_log) {
  const auto cluster = cluster_of(settings);
  std::optional<ClusterLog> cluster_log;
  if (cluster) cluster_log.emplace(program_log, *cluster);
  Log& log = cluster_log ? *cluster_log : program_log;
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
