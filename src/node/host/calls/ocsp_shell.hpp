// Carries out the actions of OcspSync: plain HTTP to the responder or a call to the control plane,
// each time on a connection of its own, so that it waits for nothing else and nothing else for it.
#pragma once

#include <functional>
#include <optional>

#include "base/ids.hpp"
#include "base/log/log.hpp"
#include "io/http/client/http_client.hpp"
#include "io/loop/event_loop.hpp"
#include "node/agent/link/ocsp_sync.hpp"
#include "node/host/calls/outstanding.hpp"

namespace rap::host {

class OcspShell {
 public:
  // How the control plane is reached as this node; nullopt: not now.
  using ControlServer = std::function<std::optional<io::HttpClientOptions>()>;

  // `changed` is called when a staple in the state directory was replaced.
  OcspShell(io::EventLoop& loop, NodeId node, agent::NodeFiles& state, RandomSource& rng, Log& log,
            ControlServer control, std::function<void()> changed);

  void reload();  // at the start, and when certificates in the state directory changed

 private:
  void go_on();
  void perform(const agent::OcspActions& actions);
  void perform(const agent::FetchOcsp& fetch);
  std::optional<io::HttpClientOptions> server_of(const agent::FetchOcsp& fetch) const;
  void answered(agent::OcspSlot slot, const agent::Answer& answer);
  void perform(const agent::StapleChanged&) { changed_(); }
  void perform(const agent::Say& say);

  io::EventLoop& loop_;
  agent::NodeFiles& state_;
  Log& log_;
  ControlServer control_;
  std::function<void()> changed_;
  agent::OcspSync sync_;
  io::Timer timer_;
  Outstanding outstanding_;
};

}  // namespace rap::host
