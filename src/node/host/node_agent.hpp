// One rap-node-agent on one state directory, from its start to its end: it enrols unless it is
// enrolled, then keeps the link to the control plane, the staples and rap-fabric.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/log/cluster_log.hpp"
#include "io/loop/event_loop.hpp"
#include "io/system/system.hpp"
#include "io/system/throttled_log.hpp"
#include "node/agent/enrolment/enrolment_client.hpp"
#include "node/agent/enrolment/node_identity.hpp"
#include "node/agent/enrolment/readmission.hpp"
#include "node/agent/link/control_link.hpp"
#include "node/agent/public_credential.hpp"
#include "node/host/calls/agent_metrics.hpp"
#include "node/host/calls/control_link_shell.hpp"
#include "node/host/calls/enrolment_shell.hpp"
#include "node/host/calls/ocsp_shell.hpp"
#include "node/host/disk_watch.hpp"
#include "node/host/host.hpp"
#include "node/host/node_agent_options.hpp"
#include "node/host/program/fabric_supervisor.hpp"
#include "node/store/security_db.hpp"

namespace rap::host {

inline constexpr std::string_view kAgentLock = "agent.lock";
inline constexpr std::string_view kAgentSocket = "agent.sock";

// How an agent ended; the numbers are the program's exit statuses.
enum class AgentEnd : int { stopped = 0, failed = 1, denied = 4, untrusted_control_plane = 7 };

class NodeAgent {
 public:
  // `lines` must outlive it.
  NodeAgent(NodeAgentOptions options, Log& lines);

  // Runs until a signal or stop(). The rap-fabric it watches goes on.
  AgentEnd run();
  void stop();  // from any thread

 private:
  // Returns an error, or the empty string once things are under way on the loop.
  std::string enrol_or_start();
  std::string start(agent::NodeIdentity identity);
  std::unique_ptr<FabricSupervisor> make_fabric(Log& log);
  void enrolment_ended();
  void note_certificates();
  void look_at_public_files();
  AgentFigures figures();
  std::string enrol(agent::NodeFiles& files, const std::optional<wire::JoinToken>& token,
                    const agent::AdvertisedAddresses& addresses);
  std::string end_readmission();

  const NodeAgentOptions options_;
  ClusterLog cluster_log_;
  io::ThrottledLog log_;
  StateFiles state_files_;
  DiskWatch state_;
  // Once the node is enrolled:
  std::optional<node_store::SecurityDb> security_;
  io::SystemRandom random_;
  io::EventLoop loop_;
  std::unique_ptr<agent::EnrolmentClient> enrolment_;
  std::unique_ptr<EnrolmentShell> enrolment_shell_;
  // While it is readmitted:
  std::optional<agent::ReadmissionFiles> readmission_;
  std::optional<wire::JoinToken> readmission_token_;
  std::string cannot_go_on_;  // with the identity it has; empty: it can
  bool readmitted_ = false;
  std::optional<agent::NodeIdentity> identity_;
  std::optional<agent::PublicCredential> public_credential_;
  std::unique_ptr<agent::ControlLink> link_;
  std::unique_ptr<ControlLinkShell> link_shell_;
  std::unique_ptr<OcspShell> ocsp_;
  std::unique_ptr<FabricSupervisor> fabric_;
  std::optional<WallTime> certificate_until_;  // as they are in the state directory
  std::optional<WallTime> worker_until_;
  std::unique_ptr<AgentMetrics> metrics_;
  io::Timer public_files_timer_{loop_};
  AgentEnd end_ = AgentEnd::stopped;
};

// Makes the state directory when there is none and runs the only agent on it: a second one fails.
AgentEnd run_node_agent(NodeAgentOptions options, Log& log);

}  // namespace rap::host
