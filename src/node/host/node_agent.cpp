#include "node/host/node_agent.hpp"

#include "base/try.hpp"
#include "io/system/file.hpp"
#include "node/agent/enrolment/enrolment_plan.hpp"
#include "snapshot/certificate_names.hpp"
#include "wire/url.hpp"

namespace rap::host {
namespace {

AgentEnd end_of(agent::EnrolmentRefusal refusal) {
  switch (refusal) {
    case agent::EnrolmentRefusal::untrusted_control_plane: return AgentEnd::untrusted_control_plane;
    case agent::EnrolmentRefusal::rejected: return AgentEnd::failed;
    case agent::EnrolmentRefusal::denied: return AgentEnd::denied;
  }
  return AgentEnd::failed;
}

AgentEnd fail(Log& log, std::string_view detail, AgentEnd end = AgentEnd::failed) {
  log.error("agent.failed", {{"detail", detail}});
  return end;
}

std::expected<std::optional<wire::JoinToken>, std::string> join_token(const NodeAgentOptions& o) {
  std::string text = o.join_token;
  if (!o.join_token_file.empty()) {
    auto content = RAP_TRY(io::read_file(o.join_token_file, wire::kMaxJoinTokenBytes + 1));
    text = std::move(content);
  }
  if (text.empty()) return std::nullopt;
  auto token = RAP_TRY(wire::parse_join_token(text));
  return std::optional(std::move(token));
}

}  // namespace

NodeAgent::NodeAgent(NodeAgentOptions options, Log& log)
    : options_(std::move(options)), log_(log), state_(options_.state) {}

AgentEnd NodeAgent::run() {
  state_.remove_leftovers();
  loop_.on_signal([this] { loop_.stop(); });
  if (const std::string error = enrol_or_start(); !error.empty()) return fail(log_, error);
  loop_.run();
  if (end_ == AgentEnd::stopped) {
    Log& log = cluster_log_ ? *cluster_log_ : log_;
    log.info("agent.stopped", {{"detail", "rap-fabric goes on."}});
  }
  return end_;
}

void NodeAgent::stop() {
  loop_.post([this] { loop_.stop(); });
}

std::string NodeAgent::enrol_or_start() {
  auto identity = agent::load_identity(state_);
  if (!identity) return identity.error();
  if (*identity) return start(std::move(**identity));

  auto token = join_token(options_);
  if (!token) return token.error();
  const auto data_plane = wire::parse_host_port(options_.data_plane_advertise);
  const auto fabric = wire::parse_host_port(options_.fabric_advertise);
  if (!data_plane || !fabric) return "an advertised address is not HOST:PORT";
  auto plan = agent::plan_enrolment(state_, *token, {*data_plane, *fabric}, random_);
  if (!plan) return plan.error();
  enrolment_ = std::make_unique<agent::EnrolmentClient>(std::move(*plan), host_facts(), random_);
  enrolment_driver_ = std::make_unique<EnrolmentDriver>(loop_, *enrolment_, state_, log_,
                                                        [this] { enrolment_ended(); });
  enrolment_driver_->start();
  return {};
}

void NodeAgent::enrolment_ended() {
  // Posted: the driver that calls this is about to go.
  loop_.post([this] {
    std::string error;
    if (enrolment_->stage() == agent::EnrolmentStage::enrolled) {
      enrolment_driver_.reset();
      error = enrol_or_start();
      if (error.empty()) return;
      end_ = AgentEnd::failed;
    } else {
      error = enrolment_->refusal_text();
      end_ = end_of(enrolment_->refusal());
    }
    fail(log_, error);
    loop_.stop();
  });
}

std::string NodeAgent::start(agent::NodeIdentity identity) {
  auto link_state = agent::load_link_state(state_, identity.record.cluster);
  if (!link_state) return link_state.error();
  identity_ = std::move(identity);
  const agent::EnrolmentRecord& record = identity_->record;
  security_.emplace(options_.state / agent::kSecurityFile, record.cluster);
  Log& log = cluster_log_.emplace(log_, record.cluster);
  agent::ControlLinkOptions link_options{
      .scope = {}, .certificate = identity_->tls.chain.front(), .host = {}, .made_at = {}};
  link_options.scope = {identity_->config_keys, record.cluster, record.node, identity_->roots};
  link_options.host = host_facts();
  link_options.checkin_interval = std::chrono::milliseconds(options_.checkin_interval_ms);
  link_options.host_uptime_s = host_uptime_s();
  link_options.made_at = io::mono_now();
  const auto entry = wire::parse_host_port(record.data_plane_advertise).value();
  link_options.worker_names =
      snapshot::worker_certificate_names(record.cluster, record.node, entry);
  if (const auto worker = agent::load_worker(state_);
      worker && worker->chain.front().names() == link_options.worker_names) {
    link_options.worker = worker->chain.front();
  }
  link_ = std::make_unique<agent::ControlLink>(std::move(link_options), *link_state, state_,
                                               *security_, random_);
  link_driver_ = std::make_unique<ControlLinkDriver>(loop_, *link_, *identity_, state_,
                                                     (options_.state / kAgentSocket).string(), log);
  ocsp_ = std::make_unique<OcspDriver>(loop_, state_, random_, log, [this] {
    link_driver_->tell_fabric(wire::encode_to_fabric(wire::CredentialsChanged{}));
  });
  link_driver_->on_new_certificate([this] { ocsp_->reload(); });
  FabricProcess::Options fabric{options_.state, options_.fabric_bin, options_.data_plane_listen,
                                options_.fabric_listen, options_.metrics_listen};
  fabric.control = {record.node_url};
  if (const auto api = wire::parse_url(record.control_url, "https", 443)) {
    fabric.control.push_back(api->authority.str());
  }
  fabric_ = std::make_unique<FabricProcess>(loop_, std::move(fabric), random_, log,
                                            [this] { link_driver_->fabric_started(); });
  log.info("agent.ready", {{"node", record.node.str()}});
  link_driver_->start();
  ocsp_->reload();
  fabric_->start();
  return {};
}

AgentEnd run_node_agent(NodeAgentOptions options, Log& log) {
  options.state = std::filesystem::absolute(options.state);
  options.fabric_bin = std::filesystem::absolute(options.fabric_bin);
  if (auto made = io::make_directory(options.state); !made) return fail(log, made.error());
  const auto lock = io::FileLock::try_lock(options.state / kAgentLock);
  if (!lock) {
    return fail(log, "Another rap-node-agent runs with " + options.state.string() +
                         ", or its agent.lock cannot be written.");
  }
  return NodeAgent(std::move(options), log).run();
}

}  // namespace rap::host
