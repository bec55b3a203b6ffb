// Carries out the actions of the node's link: mutual TLS to the control plane on one side, the
// socket to rap-fabric on the other.
#pragma once

#include <functional>
#include <memory>

#include "base/log/log.hpp"
#include "io/http/client/event_client.hpp"
#include "io/http/client/http_client.hpp"
#include "io/loop/event_loop.hpp"
#include "io/loop/message_socket.hpp"
#include "node/agent/enrolment/node_identity.hpp"
#include "node/agent/link/control_link.hpp"
#include "node/host/calls/agent_metrics.hpp"
#include "node/host/calls/outstanding.hpp"
#include "node/host/program/fabric_supervisor.hpp"

namespace rap::host {

class ControlLinkShell {
 public:
  ControlLinkShell(io::EventLoop& loop, agent::ControlLink& link,
                   const agent::NodeIdentity& identity, agent::NodeFiles& state,
                   const std::string& socket_path, Log& log,
                   io::MessagePeer fabric_user = std::nullopt);
  void start();
  void fabric_started() {
    ++counters_.fabric_starts;
    step(agent::FabricStarted{});
  }
  const LinkCounters& counters() const { return counters_; }
  // Called when certificates in the state directory were replaced.
  void on_new_certificate(std::function<void()> fn) { new_certificate_ = std::move(fn); }
  // Hears of holds and of the fabric's connection; before start().
  void supervise_with(FabricSupervisor& supervisor) { supervisor_ = &supervisor; }
  // How the control plane is reached as this node; nullopt while another agent is it.
  std::optional<io::HttpClientOptions> control_server() const {
    return counters_.held ? std::nullopt : std::optional(control_);
  }
  // The fabric shows people what this has to show, if anything; before start().
  void show_public(const agent::PublicCredential& credential) { public_credential_ = &credential; }
  // Tells the fabric again who this node is: a staple was replaced.
  void tell_identity() { perform(agent::TellIdentity{}); }

 private:
  void step(const agent::LinkEvent& event);
  void connect_anew();
  void leave_a_denied_control_plane();
  void perform(const agent::LinkActions& actions);
  void perform(const agent::SendToControl& send);
  void perform(const agent::OpenEvents& open);
  void perform(const agent::TellFabric& tell);
  void perform(const agent::TellIdentity& tell);
  void perform(const agent::UseIdentity& use);
  void perform(const agent::UseWorker& use);
  void perform(const agent::HoldFabric& hold);
  void perform(const agent::Say& say);
  io::MessageHandlers fabric_handlers();

  agent::ControlLink& link_;
  Log& log_;
  io::EventLoop& loop_;
  agent::NodeFiles& state_;
  const agent::EnrolmentRecord record_;
  io::HttpClientOptions control_;  // as the identity of now says
  std::shared_ptr<io::HttpClient> calls_;   // a connection each, so that deltas wait for no
  std::shared_ptr<io::HttpClient> deltas_;  // configuration that is slow to come (CP-6)
  std::unique_ptr<io::EventClient> events_;
  std::shared_ptr<const crypto::DenyList> judged_;  // what calls_ was judged by last
  std::shared_ptr<io::MessageConnection> fabric_;
  io::MessageListener listener_;
  io::Timer timer_;
  std::function<void()> new_certificate_;
  FabricSupervisor* supervisor_ = nullptr;
  const agent::PublicCredential* public_credential_ = nullptr;
  LinkCounters counters_;
  Outstanding outstanding_;
};

}  // namespace rap::host
