#include "node/host/node_agent.hpp"

#include <system_error>

#include "base/encoding.hpp"
#include "base/try.hpp"
#include "io/system/file.hpp"
#include "io/system/host_user.hpp"
#include "node/host/program/fabric_process.hpp"
#include "node/host/program/fabric_unit.hpp"
#include "node/host/public_files.hpp"
#include "snapshot/certificate_names.hpp"
#include "wire/url.hpp"

namespace rap::host {
namespace {

constexpr std::size_t kIncarnationBytes = 16;

agent::ProgramUse program_use(const io::ProcessUsage& usage) {
  return {usage.cpu, usage.resident_bytes, usage.open_files};
}

agent::HostUse host_use(std::int64_t fabric_pid) {
  agent::HostUse out{program_use(io::process_usage()), std::nullopt, io::load_percent()};
  if (const auto fabric = io::process_usage_of(static_cast<pid_t>(fabric_pid))) {
    out.fabric = program_use(*fabric);
  }
  return out;
}

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

std::optional<wire::HostPort> metrics_address(const NodeAgentOptions& o) {
  return wire::parse_host_port(o.agent_metrics_listen);
}

// Who may come as rap-fabric. The error says what is wrong about who it is, or about where it
// comes.
std::expected<io::MessagePeer, std::string> fabric_peer(const NodeAgentOptions& o) {
  if (o.fabric_socket.empty()) return std::nullopt;
  // Nobody else may put a socket of theirs in the place of ours.
  RAP_TRY(io::check_only_we_write(o.fabric_socket.parent_path()));
  const uid_t user = RAP_TRY(io::find_uid(o.fabric_user));
  return user;
}

}  // namespace

NodeAgent::NodeAgent(NodeAgentOptions options, Log& lines)
    : options_(std::move(options)),
      cluster_log_(lines),
      log_(cluster_log_, io::mono_now),
      state_files_(options_.state),
      state_(state_files_, io::mono_now) {}

AgentEnd NodeAgent::run() {
  state_files_.remove_leftovers();
  loop_.on_signal([this] { loop_.stop(); });
  if (const auto at = metrics_address(options_)) {
    metrics_ = std::make_unique<AgentMetrics>(loop_, *at, log_,
                                              [this] { return metrics_text(figures()); });
  }
  if (const std::string error = enrol_or_start(); !error.empty()) return fail(log_, error);
  loop_.run();
  if (end_ == AgentEnd::stopped) {
    log_.info("agent.stopped", {{"detail", "rap-fabric goes on."}});
  }
  return end_;
}

void NodeAgent::stop() {
  loop_.post([this] { loop_.stop(); });
}

std::string NodeAgent::enrol_or_start() {
  if (const auto done = agent::finish_readmission(state_); !done) return done.error();
  auto identity = agent::load_identity(state_);
  if (!identity) return identity.error();
  auto token = join_token(options_);
  // The token may be long gone where it is not needed.
  if (!token && !*identity) return token.error();
  const auto data_plane = wire::parse_host_port(options_.data_plane_advertise);
  const auto fabric = wire::parse_host_port(options_.fabric_advertise);
  if (!data_plane || !fabric) return "an advertised address is not HOST:PORT";
  const agent::AdvertisedAddresses addresses{*data_plane, *fabric};
  if (!*identity) return enrol(state_, *token, addresses);

  readmission_token_ = token ? *token : std::nullopt;
  auto decision =
      agent::decide_start(state_, **identity, readmission_token_, addresses, io::wall_now());
  switch (decision.start) {
    case agent::StartStep::go_on: return start(std::move(**identity));
    case agent::StartStep::refuse: return decision.why;
    case agent::StartStep::readmit: break;
  }
  cannot_go_on_ = std::move(decision.why);
  return enrol(readmission_.emplace(state_), readmission_token_, addresses);
}

std::string NodeAgent::enrol(agent::NodeFiles& files, const std::optional<wire::JoinToken>& token,
                             const agent::AdvertisedAddresses& addresses) {
  auto plan = agent::plan_enrolment(files, token, addresses, random_);
  if (!plan) return plan.error();
  enrolment_ = std::make_unique<agent::EnrolmentClient>(std::move(*plan), host_facts(), random_);
  enrolment_shell_ = std::make_unique<EnrolmentShell>(loop_, *enrolment_, files, log_,
                                                      [this] { enrolment_ended(); });
  enrolment_shell_->start();
  return {};
}

void NodeAgent::enrolment_ended() {
  // Posted: the shell that calls this is about to go.
  loop_.post([this] {
    const bool enrolled = enrolment_->stage() == agent::EnrolmentStage::enrolled;
    end_ = enrolled ? AgentEnd::failed : end_of(enrolment_->refusal());
    std::string error = enrolled ? std::string() : enrolment_->refusal_text();
    enrolment_shell_.reset();
    if (enrolled && !readmission_) {
      error = enrol_or_start();
    } else if (readmission_) {
      error = end_readmission();
    }
    if (error.empty()) {
      end_ = AgentEnd::stopped;
      return;
    }
    fail(log_, error);
    loop_.stop();
  });
}

// What was refused costs nothing where the node can go on as it is.
std::string NodeAgent::end_readmission() {
  readmission_.reset();
  readmitted_ = enrolment_->stage() == agent::EnrolmentStage::enrolled;
  if (!readmitted_) {
    if (const auto done = agent::abandon_readmission(state_, *readmission_token_); !done) {
      return done.error();
    }
    if (!cannot_go_on_.empty()) return enrolment_->refusal_text() + " " + cannot_go_on_;
    log_.warn("enrolment.not_readmitted",
              {{"detail",
                "The join token is not used; this node goes on with the identity it "
                "has."}});
  }
  return enrol_or_start();
}

std::string NodeAgent::start(agent::NodeIdentity identity) {
  auto link_state = agent::load_link_state(state_, identity.record.cluster);
  if (!link_state) return link_state.error();
  identity_ = std::move(identity);
  const agent::EnrolmentRecord& record = identity_->record;
  security_.emplace(options_.state / agent::kSecurityFile, record.cluster);
  cluster_log_.is_of(record.cluster);
  Log& log = log_;
  agent::ControlLinkOptions link_options{
      .scope = {}, .certificate = identity_->tls.chain.front(), .host = {}, .made_at = {}};
  link_options.scope = {identity_->config_keys, record.cluster, record.node, identity_->roots};
  link_options.host = host_facts();
  link_options.advertised = {record.data_plane_advertise, record.fabric_advertise};
  link_options.checkin_interval = std::chrono::milliseconds(options_.checkin_interval_ms);
  link_options.host_uptime_s = host_uptime_s();
  link_options.made_at = io::mono_now();
  link_options.disk = [this] { return state_.fault(); };
  link_options.use = host_use;
  if (const auto at = metrics_address(options_)) link_options.listeners.push_back(*at);
  link_options.incarnation = to_hex(random_.bytes(kIncarnationBytes));
  const auto entry = wire::parse_host_port(record.data_plane_advertise).value();
  link_options.worker_names =
      snapshot::worker_certificate_names(record.cluster, record.node, entry);
  if (const auto worker = agent::load_worker(state_);
      worker && worker->chain.front().names() == link_options.worker_names) {
    link_options.worker = worker->chain.front();
  }
  if (!options_.data_plane_certificate.empty()) {
    link_options.public_credential = &public_credential_.emplace(entry.host);
  }
  link_ = std::make_unique<agent::ControlLink>(std::move(link_options), *link_state, state_,
                                               *security_, random_);
  const auto fabric_user = fabric_peer(options_);
  if (!fabric_user) return fabric_user.error();
  const std::filesystem::path socket =
      options_.fabric_socket.empty() ? options_.state / kAgentSocket : options_.fabric_socket;
  try {
    link_shell_ = std::make_unique<ControlLinkShell>(loop_, *link_, *identity_, state_,
                                                     socket.string(), log, *fabric_user);
  } catch (const std::system_error& e) {
    return "The socket for rap-fabric cannot be made (" + std::string(e.what()) +
           "). Is the disk read-only, or full? A rap-fabric that runs goes on with the "
           "configuration it has.";
  }
  ocsp_ = std::make_unique<OcspShell>(
      loop_, record.node, state_, random_, log, [this] { return link_shell_->control_server(); },
      [this] { link_shell_->tell_identity(); });
  link_shell_->on_new_certificate([this] {
    note_certificates();
    ocsp_->reload();
  });
  note_certificates();
  if (public_credential_) {
    link_shell_->show_public(*public_credential_);
    look_at_public_files();
  }
  fabric_ = make_fabric(log);
  link_shell_->supervise_with(*fabric_);
  log.info("agent.ready", {{"node", record.node.str()}});
  link_shell_->start();
  ocsp_->reload();
  fabric_->start();
  // What runs since before knows the old identity and addresses.
  if (std::exchange(readmitted_, false)) fabric_->restart();
  return {};
}

void NodeAgent::note_certificates() {
  const auto identity = agent::load_identity(state_);
  if (identity && *identity) certificate_until_ = (*identity)->tls.chain.front().not_after();
  if (const auto worker = agent::load_worker(state_)) {
    worker_until_ = worker->chain.front().not_after();
  }
}

void NodeAgent::look_at_public_files() {
  const auto step = public_credential_->looked(
      read_public_files(options_.data_plane_certificate, options_.data_plane_key), io::mono_now(),
      io::wall_now());
  if (step.say) log_.write(step.say->level, step.say->event, {{"detail", step.say->text}});
  if (step.tell_identity) link_shell_->tell_identity();
  public_files_timer_.after(agent::kPublicFilesLookedAt, [this] { look_at_public_files(); });
}

AgentFigures NodeAgent::figures() {
  return {.link = link_shell_ ? link_shell_->counters() : LinkCounters{},
          .certificate_until = certificate_until_,
          .worker_until = worker_until_,
          .disk = state_.fault(),
          .usage = io::process_usage()};
}

std::unique_ptr<FabricSupervisor> NodeAgent::make_fabric(Log& log) {
  const auto running = [this] { link_shell_->fabric_started(); };
  if (options_.fabric_bin.empty()) return std::make_unique<FabricUnit>(loop_, log, running);
  return std::make_unique<FabricProcess>(
      loop_,
      FabricProcess::Options{options_.state, options_.fabric_bin, options_.data_plane_listen,
                             options_.fabric_listen, options_.metrics_listen},
      random_, log, running);
}

AgentEnd run_node_agent(NodeAgentOptions options, Log& log) {
  options.state = std::filesystem::absolute(options.state);
  for (auto* path : {&options.fabric_bin, &options.fabric_socket, &options.data_plane_certificate,
                     &options.data_plane_key}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path);
  }
  if (auto made = io::make_directory(options.state); !made) return fail(log, made.error());
  if (const auto peer = fabric_peer(options); !peer) return fail(log, peer.error());
  const auto lock = io::FileLock::try_lock(options.state / kAgentLock);
  if (!lock) {
    return fail(log, "Another rap-node-agent runs with " + options.state.string() +
                         ", or its agent.lock cannot be written.");
  }
  return NodeAgent(std::move(options), log).run();
}

}  // namespace rap::host
