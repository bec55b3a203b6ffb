// Carries out the actions of an enrolment: files and HTTPS in, events out.
#pragma once

#include <functional>
#include <memory>

#include "base/log/log.hpp"
#include "io/http/client/http_client.hpp"
#include "io/loop/event_loop.hpp"
#include "node/agent/enrolment/enrolment_client.hpp"
#include "node/agent/node_files.hpp"

namespace rap::host {

class EnrolmentShell {
 public:
  // Calls `done` once, on the loop, when the machine is in enrolled or refused.
  EnrolmentShell(io::EventLoop& loop, agent::EnrolmentClient& enrolment, agent::NodeFiles& state,
                 Log& log, std::function<void()> done);
  void start();

 private:
  void step(const agent::EnrolmentEvent& event);
  void perform(const agent::Store& store);
  void perform(const agent::SendEnrolment& send);
  void perform(const agent::Say& say);

  io::EventLoop& loop_;
  agent::EnrolmentClient& enrolment_;
  agent::NodeFiles& state_;
  Log& log_;
  std::function<void()> done_;
  io::Timer timer_;
  std::unique_ptr<io::HttpClient> http_;
  std::optional<std::string> http_root_;  // what http_ verifies the server with
};

}  // namespace rap::host
