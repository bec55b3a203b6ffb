// Keeps a rap-fabric of the agent's own user running. A fabric outlives its agent: one that runs
// already is adopted, one that ends is started again when the supervision says so.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "io/process/process.hpp"
#include "node/agent/supervision.hpp"
#include "node/host/program/fabric_supervisor.hpp"

namespace rap::host {

class FabricProcess final : public FabricSupervisor {
 public:
  struct Options {
    std::filesystem::path state;
    std::filesystem::path program;
    std::string data_plane_listen;
    std::string fabric_listen;
    std::string metrics_listen;
  };

  // `on_running` is called for each process started or adopted.
  FabricProcess(io::EventLoop& loop, Options options, RandomSource& rng, Log& log,
                std::function<void()> on_running);
  void start() override;
  // While it is held no fabric runs; one that does is ended.
  void hold(bool held) override;
  void restart() override;

 private:
  void ensure();
  void adopt();
  void spawn();
  void watch(std::unique_ptr<io::Process> process, std::string_view event);
  void schedule();

  io::EventLoop& loop_;
  Options options_;
  Log& log_;
  std::function<void()> on_running_;
  agent::Supervision supervision_;
  std::unique_ptr<io::Process> process_;
  io::Timer timer_;
  bool adoption_trouble_said_ = false;
  bool held_ = false;
};

}  // namespace rap::host
