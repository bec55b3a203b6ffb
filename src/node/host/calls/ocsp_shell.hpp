// Carries out the actions of OcspSync: plain HTTP to the responder, each time on a connection of
// its own, so that it waits for nothing else and nothing else for it.
#pragma once

#include <functional>

#include "base/log/log.hpp"
#include "io/loop/event_loop.hpp"
#include "node/agent/link/ocsp_sync.hpp"
#include "node/host/calls/outstanding.hpp"

namespace rap::host {

class OcspShell {
 public:
  // `changed` is called when a staple in the state directory was replaced.
  OcspShell(io::EventLoop& loop, agent::NodeFiles& state, RandomSource& rng, Log& log,
            std::function<void()> changed);

  void reload();  // at the start, and when certificates in the state directory changed

 private:
  void go_on();
  void perform(const agent::OcspActions& actions);
  void perform(const agent::FetchOcsp& fetch);
  void perform(const agent::StapleChanged&) { changed_(); }
  void perform(const agent::Say& say);

  io::EventLoop& loop_;
  agent::NodeFiles& state_;
  Log& log_;
  std::function<void()> changed_;
  agent::OcspSync sync_;
  io::Timer timer_;
  Outstanding outstanding_;
};

}  // namespace rap::host
