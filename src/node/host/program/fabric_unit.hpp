// Carries out what the supervision of a rap-fabric says that runs as another user: everything goes
// over its connection.
#pragma once

#include <functional>
#include <memory>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "node/agent/unit_supervision.hpp"
#include "node/host/program/fabric_supervisor.hpp"

namespace rap::host {

class FabricUnit final : public FabricSupervisor {
 public:
  // `on_running` is called for each process that comes for the first time.
  FabricUnit(io::EventLoop& loop, Log& log, std::function<void()> on_running,
             agent::UnitPatience patience = {})
      : log_(log), on_running_(std::move(on_running)), supervision_(patience), timer_(loop) {}

  void start() override {}
  void hold(bool held) override;
  void restart() override;
  void connected(std::shared_ptr<io::MessageConnection> connection) override;
  void heard() override;
  void disconnected() override;

 private:
  void perform(const agent::UnitActions& actions);
  void wake_later();

  Log& log_;
  std::function<void()> on_running_;
  agent::UnitSupervision supervision_;
  std::shared_ptr<io::MessageConnection> connection_;
  io::Timer timer_;
};

}  // namespace rap::host
