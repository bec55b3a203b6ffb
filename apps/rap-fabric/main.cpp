// rap-fabric: the data plane of one host. Started and fed by rap-node-agent.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "node/fabric/fabric.hpp"
#include "wire/url.hpp"

namespace {

// "127.0.0.1:7443" or "[::1]:7443".
std::string read_address(const std::string& text, rap::fabric::Address& out) {
  const auto at = rap::wire::parse_host_port(text);
  if (!at) return "expected IP:PORT, for example 0.0.0.0:7443";
  out = {at->host, at->port};
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The data plane of one host: entry, relay and egress by configuration."};
  app.set_version_flag("--version", RAP_VERSION);
  rap::fabric::Settings settings;
  std::string state;
  std::string data_plane;
  std::string fabric;
  app.add_option("--state", state, "The node-agent's state directory")->required();
  app.add_option("--data-plane-listen", data_plane, "IP:PORT for clients")->required();
  app.add_option("--fabric-listen", fabric, "IP:PORT for other nodes")->required();
  std::string metrics;
  app.add_option("--metrics-listen", metrics,
                 "IP:PORT for Prometheus, without TLS: loopback or a management network");
  CLI11_PARSE(app, argc, argv);
  settings.state = state;
  rap::fabric::Address metrics_at;
  for (const auto& [name, text, out] :
       {std::tuple("--data-plane-listen", data_plane, &settings.data_plane),
        std::tuple("--fabric-listen", fabric, &settings.fabric),
        std::tuple("--metrics-listen", metrics, &metrics_at)}) {
    if (text.empty()) continue;
    const std::string error = read_address(text, *out);
    if (error.empty()) continue;
    std::cerr << "rap-fabric: " << name << ": " << error << "\n";
    return 2;
  }

  if (!metrics.empty()) settings.metrics = metrics_at;
  rap::io::StderrLog log("rap-fabric");
  const auto lock = rap::io::FileLock::try_lock(settings.state / "fabric.lock");
  if (!lock) {
    std::cerr << "rap-fabric: another rap-fabric runs on " << state << "\n";
    return 1;
  }
  const auto pid = rap::io::write_file_atomic(settings.state / "fabric.pid",
                                              std::to_string(::getpid()) + "\n", 0644);
  if (!pid) log.error("pid_file.failed", {{"detail", pid.error()}});

  rap::io::raise_descriptor_limit();
  rap::io::EventLoop loop;
  rap::fabric::Fabric node(loop, settings, log);
  loop.on_signal([&] { node.shut_down([&] { loop.stop(); }); });
  log.info("fabric.started", {{"pid", ::getpid()}});
  loop.run();
  log.info("fabric.stopped");
  return 0;
}
