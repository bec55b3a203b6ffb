// rap-node-agent: parses, wires together, runs.
#include <CLI/CLI.hpp>
#include <iostream>

#include "command_line/manual.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "node/agent/control_link.hpp"
#include "node/agent/enrolment_plan.hpp"
#include "node/agent/fabric_messages.hpp"
#include "node/agent/node_identity.hpp"
#include "node/host/control_link_driver.hpp"
#include "node/host/enrolment_driver.hpp"
#include "node/host/fabric_process.hpp"
#include "node/host/host.hpp"
#include "node/host/ocsp_driver.hpp"
#include "node/store/security_db.hpp"
#include "options.hpp"

namespace rap {
namespace {

enum ExitStatus : int { kOk = 0, kFailed = 1, kUsage = 2, kDenied = 4, kUntrusted = 7 };

int fail(Log& log, std::string_view detail, ExitStatus status = kFailed) {
  log.error("agent.failed", {{"detail", detail}});
  return status;
}

ExitStatus status_of(agent::EnrolmentRefusal refusal) {
  switch (refusal) {
    case agent::EnrolmentRefusal::untrusted_control_plane: return kUntrusted;
    case agent::EnrolmentRefusal::rejected: return kFailed;
    case agent::EnrolmentRefusal::denied: return kDenied;
  }
  return kFailed;
}

std::string usage_error(const AgentOptions& o) {
  const std::pair<const char*, bool> required[] = {
      {"--state", !o.state.empty()},
      {"--data-plane-listen", !o.data_plane_listen.empty()},
      {"--data-plane-advertise", !o.data_plane_advertise.empty()},
      {"--fabric-listen", !o.fabric_listen.empty()},
      {"--fabric-advertise", !o.fabric_advertise.empty()},
      {"--fabric-bin", !o.fabric_bin.empty()},
  };
  for (const auto& [name, given] : required) {
    if (!given) return std::string(name) + " is required";
  }
  if (!o.join_token.empty() && !o.join_token_file.empty()) {
    return "--join-token and --join-token-file exclude each other";
  }
  return {};
}

std::expected<std::optional<agent::JoinToken>, std::string> join_token(const AgentOptions& o) {
  std::string text = o.join_token;
  if (!o.join_token_file.empty()) {
    auto content = io::read_file(o.join_token_file, agent::kMaxJoinTokenBytes + 1);
    if (!content) return std::unexpected(content.error());
    text = std::move(*content);
  }
  if (text.empty()) return std::nullopt;
  auto token = agent::parse_join_token(text);
  if (!token) return std::unexpected(token.error());
  return std::optional(std::move(*token));
}

// One agent on one state directory, from its start to its end.
class Agent {
 public:
  Agent(const AgentOptions& options, Log& log)
      : options_(options),
        log_(log),
        state_(options.state),
        security_(options.state / agent::kSecurityFile) {}

  int run() {
    state_.remove_leftovers();
    loop_.on_signal([this] { loop_.stop(); });
    if (auto error = enrol_or_start(); !error.empty()) return fail(log_, error);
    loop_.run();
    if (status_ == kOk) log_.info("agent.stopped", {{"detail", "rap-fabric goes on."}});
    return status_;
  }

 private:
  // Returns an error, or the empty string once things are under way on the loop.
  std::string enrol_or_start() {
    auto identity = agent::load_identity(state_);
    if (!identity) return identity.error();
    if (*identity) return start(std::move(**identity));

    auto token = join_token(options_);
    if (!token) return token.error();
    auto plan = agent::plan_enrolment(state_, *token,
                                      {wire::parse_host_port(options_.data_plane_advertise).value(),
                                       wire::parse_host_port(options_.fabric_advertise).value()},
                                      random_);
    if (!plan) return plan.error();
    enrolment_ = std::make_unique<agent::Enrolment>(std::move(*plan), host::host_facts(), random_);
    enrolment_driver_ = std::make_unique<host::EnrolmentDriver>(loop_, *enrolment_, state_, log_,
                                                                [this] { enrolment_ended(); });
    enrolment_driver_->start();
    return {};
  }

  void enrolment_ended() {
    // Posted: the driver that calls this is about to go.
    loop_.post([this] {
      std::string error;
      if (enrolment_->state() == agent::EnrolmentState::enrolled) {
        enrolment_driver_.reset();
        error = enrol_or_start();
        if (error.empty()) return;
        status_ = kFailed;
      } else {
        error = enrolment_->refusal_text();
        status_ = status_of(enrolment_->refusal());
      }
      fail(log_, error);
      loop_.stop();
    });
  }

  std::string start(agent::NodeIdentity identity) {
    auto link_state = agent::load_link_state(state_);
    if (!link_state) return link_state.error();
    identity_ = std::move(identity);
    const agent::EnrolmentRecord& record = identity_->record;
    agent::ControlLinkOptions link_options{
        .scope = {}, .certificate = identity_->tls.chain.front(), .host = {}, .made_at = {}};
    link_options.scope = {identity_->config_keys, record.cluster, record.node, identity_->roots};
    link_options.host = host::host_facts();
    link_options.checkin_interval = std::chrono::milliseconds(options_.checkin_interval_ms);
    link_options.host_uptime_s = host::host_uptime_s();
    link_options.made_at = io::mono_now();
    const auto entry = wire::parse_host_port(record.data_plane_advertise).value();
    link_options.worker_names = agent::worker_names(record.cluster, record.node, entry);
    if (const auto worker = agent::load_worker(state_);
        worker && worker->chain.front().names() == link_options.worker_names) {
      link_options.worker = worker->chain.front();
    }
    link_ = std::make_unique<agent::ControlLink>(std::move(link_options), *link_state, state_,
                                                 security_, random_);
    link_driver_ = std::make_unique<host::ControlLinkDriver>(
        loop_, *link_, *identity_, state_, (options_.state / "agent.sock").string(), log_);
    ocsp_ = std::make_unique<host::OcspDriver>(loop_, state_, random_, log_, [this] {
      link_driver_->tell_fabric(agent::credentials_changed_message());
    });
    link_driver_->on_new_certificate([this] { ocsp_->reload(); });
    fabric_ = std::make_unique<host::FabricProcess>(
        loop_,
        host::FabricProcess::Options{options_.state, options_.fabric_bin,
                                     options_.data_plane_listen, options_.fabric_listen,
                                     options_.metrics_listen},
        random_, log_, [this] { link_driver_->fabric_started(); });
    log_.info("agent.ready", {{"node", record.node.str()}, {"cluster", record.cluster.str()}});
    link_driver_->start();
    ocsp_->reload();
    fabric_->start();
    return {};
  }

  const AgentOptions& options_;
  Log& log_;
  host::StateFiles state_;
  node_store::SecurityDb security_;
  io::SystemRandom random_;
  io::EventLoop loop_;
  std::unique_ptr<agent::Enrolment> enrolment_;
  std::unique_ptr<host::EnrolmentDriver> enrolment_driver_;
  std::optional<agent::NodeIdentity> identity_;
  std::unique_ptr<agent::ControlLink> link_;
  std::unique_ptr<host::ControlLinkDriver> link_driver_;
  std::unique_ptr<host::OcspDriver> ocsp_;
  std::unique_ptr<host::FabricProcess> fabric_;
  ExitStatus status_ = kOk;
};

std::vector<command_line::ManualSection> manual_sections() {
  return {{"EXIT STATUS",
           {{"0", "Stopped in order; rap-fabric goes on."},
            {"1", "Failed; the log says why."},
            {"2", "The command line is wrong."},
            {"4", "The platform owner denied the enrolment."},
            {"7", "The control plane does not prove to be the one the join token names."}}},
          {"FILES",
           {{"identity/", "Keys, certificate and trust roots of the node; never leaves it."},
            {"identity/next.key", "The next key, while the certificate is renewed."},
            {"identity/worker.*", "Of an entry: key and certificate towards clients."},
            {"identity/*.ocsp", "What the issuer last said of the certificates; it is stapled."},
            {"config/node_config.dsse", "The last verified configuration."},
            {"security.db", "Auth epochs and the blocklist; fetched anew when it is removed."},
            {"agent.sock", "Where rap-fabric talks to the agent."},
            {"fabric.log", "What rap-fabric says."}}}};
}

int run(int argc, char** argv) {
  AgentOptions options;
  const auto app = make_command_line(options);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app->exit(e) == 0 ? kOk : kUsage;
  }
  if (options.man) {
    std::cout << command_line::manual_page(*app, RAP_VERSION, manual_sections());
    return kOk;
  }
  if (const std::string error = usage_error(options); !error.empty()) {
    std::cerr << error << "\nRun with --help for more information.\n";
    return kUsage;
  }
  io::StderrLog log("rap-node-agent");
  options.state = std::filesystem::absolute(options.state);
  options.fabric_bin = std::filesystem::absolute(options.fabric_bin);
  if (auto made = io::make_directory(options.state); !made) return fail(log, made.error());
  const auto lock = io::FileLock::try_lock(options.state / "agent.lock");
  if (!lock) {
    return fail(log, "Another rap-node-agent runs with " + options.state.string() +
                         ", or its agent.lock cannot be written.");
  }
  return Agent(options, log).run();
}

}  // namespace
}  // namespace rap

int main(int argc, char** argv) { return rap::run(argc, argv); }
