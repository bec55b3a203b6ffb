#include "node/agent/link/test_control_link.hpp"

namespace rap::agent {

ControlLinkWorld::ControlLinkWorld() { restart(); }

void ControlLinkWorld::restart() {
  ControlLinkOptions options{.scope = {{{"c1", key_.public_key()}}, cluster_, node_, roots_},
                             .certificate = member_.leaf,
                             .host = {},
                             .made_at = {}};
  options.host = {"host", "os", "1.2.3"};
  options.advertised = {"node.test:4443", "node.test:4444"};
  options.checkin_interval = kCalm;
  options.host_uptime_s = 1000;
  options.made_at = now_;
  options.disk = [this] { return disk_; };
  options.public_credential = &public_credential_;
  options.listeners = {{"192.0.2.7", 9465}};
  options.use = [](std::int64_t fabric) {
    return HostUse{.agent = {.resident_bytes = 4096},
                   .fabric = ProgramUse{.resident_bytes = static_cast<std::uint64_t>(fabric)}};
  };
  link_ = std::make_unique<ControlLink>(
      std::move(options), load_link_state(state_, cluster_).value(), state_, security_, rng_);
  outbox_.clear();
  fabric_.clear();
  security_messages_.clear();
  reconnects_ = 0;
  identities_ = 0;
  streams_ = 0;
  take(link_->load(clocks()));
}

void ControlLinkWorld::take(LinkActions actions) {
  for (LinkAction& action : actions) {
    if (auto* send = std::get_if<SendToControl>(&action)) outbox_.push_back(std::move(*send));
    if (auto* tell = std::get_if<TellFabric>(&action)) {
      json message = json::parse(tell->message);
      if (message["type"].get<std::string>().starts_with("security_")) {
        security_messages_.push_back(std::move(message));
      } else if (message["type"] == "control") {
        reachable_.push_back(message["reachable"]);
      } else if (message["type"] != "agent_listeners") {
        (message["type"] == "clock" ? clocks_ : fabric_).push_back(std::move(message));
      }
    }
    if (std::holds_alternative<TellIdentity>(action)) ++identities_;
    if (std::holds_alternative<UseIdentity>(action)) ++reconnects_;
    if (std::holds_alternative<OpenEvents>(action)) ++streams_;
    if (const auto* hold = std::get_if<HoldFabric>(&action)) held_ = hold->held;
    if (auto* say = std::get_if<Say>(&action)) said_.push_back(say->text);
  }
}

WallTime ControlLinkWorld::wall() const {
  return kEpoch + std::chrono::duration_cast<seconds>(now_ - MonoTime{seconds(100)});
}

void ControlLinkWorld::wake() {
  ASSERT_NE(link_->next_wakeup(), Poller::kNever);
  now_ = std::max(now_, link_->next_wakeup());
  step(LinkWoken{});
}

std::optional<json> ControlLinkWorld::sent(ControlCall call) const {
  for (const SendToControl& send : outbox_) {
    if (send.call == call) return json::parse(send.request.body);
  }
  return std::nullopt;
}

std::string ControlLinkWorld::query_of(ControlCall call) const {
  const auto send = std::ranges::find(outbox_, call, &SendToControl::call);
  return send == outbox_.end() ? "not sent" : send->request.query;
}

void ControlLinkWorld::answer(ControlCall call, const json& body, int status) {
  ASSERT_EQ(std::erase_if(outbox_, [&](const auto& send) { return send.call == call; }), 1U);
  wire::HttpResponse response;
  response.status = status;
  response.body = body.dump();
  step(ControlAnswered{call, response});
}

void ControlLinkWorld::fail(ControlCall call) {
  ASSERT_EQ(std::erase_if(outbox_, [&](const auto& send) { return send.call == call; }), 1U);
  step(ControlAnswered{call, std::unexpected("connection refused")});
}

void ControlLinkWorld::check_in(std::uint64_t config_version, std::uint64_t commands_seq) {
  if (!sent(ControlCall::checkin)) wake();
  answer(ControlCall::checkin, {{"config_version", config_version},
                                {"commands_seq", commands_seq},
                                {"server_time", to_unix(wall())}});
}

snapshot::NodeConfig ControlLinkWorld::plain_config(std::uint64_t version) const {
  snapshot::NodeConfig config;
  config.version = version;
  config.issued_at = to_unix(issued_at_.value_or(wall()));
  config.valid_for_s = kValidFor.count();
  config.node = node_;
  config.cluster = cluster_;
  config.node_name = "entry-1";
  config.trust_bundle_pem = crypto::chain_pem(config_roots_);
  return config;
}

std::string ControlLinkWorld::envelope(std::uint64_t version, NodeId node, ClusterId cluster,
                                       const crypto::PrivateKey& key) {
  snapshot::NodeConfig config = plain_config(version);
  config.node = node;
  config.cluster = cluster;
  return crypto::seal_envelope(key, "c1", snapshot::kNodeConfigType,
                               as_bytes(snapshot::to_json(config)));
}

json ControlLinkWorld::configs(std::uint64_t version, const std::string& envelope) {
  return {{"configs", {{{"type", "node_config"}, {"version", version}, {"envelope", envelope}}}}};
}

json ControlLinkWorld::terminate(std::uint64_t seq, const std::string& id) {
  return {{"seq", seq},
          {"id", id},
          {"type", "session.terminate"},
          {"payload", {{"session_id", "s-" + id}}}};
}

std::uint64_t ControlLinkWorld::in_force() {
  fabric_.clear();
  step(FabricDisconnected{});
  step(FabricConnected{});
  return fabric_.empty() ? 0 : fabric_[0]["config"]["version"].get<std::uint64_t>();
}

void ControlLinkWorld::observe(std::uint64_t config_version) {
  wire::Observations observations;
  observations.config_version = config_version;
  observations.pid = 7;
  step(FabricSaid{wire::encode_to_agent(observations)});
}

void ControlLinkWorld::fabric_says_done(const std::string& id) {
  step(FabricSaid{wire::encode_to_agent(wire::CommandResult{id, "ok"})});
}

void ControlLinkWorld::step(const LinkEvent& event) { take(link_->step(clocks(), event)); }

std::string ControlLinkWorld::envelope(std::uint64_t version) {
  return envelope(version, node_, cluster_, key_);
}

}  // namespace rap::agent
