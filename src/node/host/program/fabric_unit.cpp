#include "node/host/program/fabric_unit.hpp"

#include <algorithm>

#include "io/system/system.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::host {

using agent::UnitAction;

void FabricUnit::hold(bool held) { perform(supervision_.hold(io::mono_now(), held)); }

void FabricUnit::restart() { perform(supervision_.restart(io::mono_now())); }

void FabricUnit::connected(std::shared_ptr<io::MessageConnection> connection) {
  connection_ = std::move(connection);
  perform(supervision_.connected(io::mono_now(), connection_->peer_pid()));
}

void FabricUnit::heard() {
  supervision_.heard(io::mono_now());
  wake_later();
}

void FabricUnit::disconnected() {
  connection_.reset();
  supervision_.disconnected();
  wake_later();
}

void FabricUnit::perform(const agent::UnitActions& actions) {
  for (const UnitAction action : actions) {
    switch (action) {
      case UnitAction::take_up:
        log_.info("fabric.taken_up", {{"pid", connection_->peer_pid()}});
        on_running_();
        break;
      case UnitAction::ask_to_end:
        log_.info("fabric.asked_to_end");
        connection_->send(wire::encode_to_fabric(wire::End{}));
        break;
      case UnitAction::cut_silent:
        log_.error("fabric.silent", {{"detail",
                                      "It has reported nothing for half a minute. If it does not "
                                      "come back, restart its unit."}});
        connection_->close();
        break;
      case UnitAction::cut_late:
        log_.error("fabric.stays", {{"detail",
                                     "It does not end when it is asked to, and this agent has no "
                                     "right to end it: restart its unit."}});
        connection_->close();
        break;
    }
  }
  wake_later();
}

void FabricUnit::wake_later() {
  const MonoTime next = supervision_.next_wakeup();
  if (next == agent::UnitSupervision::kNever) return timer_.cancel();
  timer_.after(std::max(Duration::zero(), next - io::mono_now()),
               [this] { perform(supervision_.woken(io::mono_now())); });
}

}  // namespace rap::host
