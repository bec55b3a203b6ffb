// A node's link over memory: a control plane that answers what the test says, a fabric that is
// told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "agent/node_link.hpp"
#include "agent/test_security_store.hpp"
#include "agent/test_state.hpp"
#include "base/seeded_random.hpp"
#include "crypto/dsse.hpp"
#include "crypto/test_pki.hpp"
#include "snapshot/node_config.hpp"

namespace rap::agent {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class NodeLinkWorld : public testing::Test {
 protected:
  NodeLinkWorld() { restart(); }

  // A new run of the agent over what the old one stored.
  void restart() {
    NodeLinkOptions options{.scope = {{{"c1", key_.public_key()}}, cluster_, node_, roots_},
                            .certificate = member_.leaf,
                            .host = {},
                            .made_at = {}};
    options.host = {"host", "os", "1.2.3"};
    options.checkin_interval = kCalm;
    options.host_uptime_s = 1000;
    options.made_at = now_;
    link_ = std::make_unique<NodeLink>(std::move(options), load_link_state(state_).value(), state_,
                                       security_, rng_);
    outbox_.clear();
    fabric_.clear();
    security_messages_.clear();
    reconnects_ = 0;
    streams_ = 0;
    take(link_->load(clocks()));
  }

  void take(LinkActions actions) {
    for (LinkAction& action : actions) {
      if (auto* send = std::get_if<SendToControl>(&action)) outbox_.push_back(std::move(*send));
      if (auto* tell = std::get_if<TellFabric>(&action)) {
        json message = json::parse(tell->message);
        if (message["type"].get<std::string>().starts_with("security_")) {
          security_messages_.push_back(std::move(message));
        } else if (message["type"] == "control") {
          reachable_.push_back(message["reachable"]);
        } else {
          fabric_.push_back(std::move(message));
        }
      }
      if (std::holds_alternative<UseIdentity>(action)) ++reconnects_;
      if (std::holds_alternative<OpenEvents>(action)) ++streams_;
      if (auto* say = std::get_if<Say>(&action)) said_.push_back(say->text);
    }
  }
  // The wall clock goes with the other one.
  WallTime wall() const {
    return kEpoch + std::chrono::duration_cast<seconds>(now_ - MonoTime{seconds(100)});
  }
  Now clocks() const { return {now_, wall()}; }
  void step(const LinkEvent& event) { take(link_->step(clocks(), event)); }
  void wake() {
    ASSERT_NE(link_->next_wakeup(), Poller::kNever);
    now_ = std::max(now_, link_->next_wakeup());
    step(LinkWoken{});
  }

  const std::vector<json>& security_messages() const { return security_messages_; }

  std::optional<json> sent(Call call) const {
    for (const SendToControl& send : outbox_) {
      if (send.call == call) return json::parse(send.request.body);
    }
    return std::nullopt;
  }
  std::string query_of(Call call) const {
    const auto send = std::ranges::find(outbox_, call, &SendToControl::call);
    return send == outbox_.end() ? "not sent" : send->request.query;
  }
  // The control plane's answer to the call, which must be under way.
  void answer(Call call, const json& body, int status = 200) {
    ASSERT_EQ(std::erase_if(outbox_, [&](const auto& send) { return send.call == call; }), 1U);
    wire::HttpResponse response;
    response.status = status;
    response.body = body.dump();
    step(ControlAnswered{call, response});
  }
  void fail(Call call) {
    ASSERT_EQ(std::erase_if(outbox_, [&](const auto& send) { return send.call == call; }), 1U);
    step(ControlAnswered{call, std::unexpected("connection refused")});
  }

  void check_in(std::uint64_t config_version, std::uint64_t commands_seq) {
    if (!sent(Call::checkin)) wake();
    answer(
        Call::checkin,
        {{"config_version", config_version}, {"commands_seq", commands_seq}, {"server_time", 0}});
  }
  snapshot::NodeConfig plain_config(std::uint64_t version) const {
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
  std::string envelope(std::uint64_t version) { return envelope(version, node_, cluster_, key_); }
  std::string envelope(std::uint64_t version, NodeId node, ClusterId cluster,
                       const crypto::PrivateKey& key) {
    snapshot::NodeConfig config = plain_config(version);
    config.node = node;
    config.cluster = cluster;
    return crypto::seal_envelope(key, "c1", snapshot::kNodeConfigType,
                                 as_bytes(snapshot::to_json(config)));
  }
  static json configs(std::uint64_t version, const std::string& envelope) {
    return {{"configs", {{{"type", "node_config"}, {"version", version}, {"envelope", envelope}}}}};
  }
  static json terminate(std::uint64_t seq, const std::string& id) {
    return {{"seq", seq},
            {"id", id},
            {"type", "session.terminate"},
            {"payload", {{"session_id", "s-" + id}}}};
  }
  // The version that rap-fabric is given when it connects; 0: none.
  std::uint64_t in_force() {
    fabric_.clear();
    step(FabricDisconnected{});
    step(FabricConnected{});
    return fabric_.empty() ? 0 : fabric_[0]["config"]["version"].get<std::uint64_t>();
  }
  void observe(std::uint64_t config_version) {
    step(FabricSaid{
        json{{"type", "observations"}, {"config_version", config_version}, {"pid", 7}}.dump()});
  }
  void fabric_says_done(const std::string& id) {
    step(FabricSaid{json{{"type", "command_result"}, {"id", id}, {"status", "ok"}}.dump()});
  }

  static constexpr WallTime kEpoch = from_unix(1'800'000'000);
  static constexpr seconds kValidFor{4000};
  static constexpr seconds kCalm{2};  // between check-ins with hints

  SeededRandom rng_{3};
  crypto::TestPki pki_;
  crypto::TestMember member_ = pki_.member();
  ClusterId cluster_ = pki_.cluster;
  NodeId node_ = member_.node;
  std::vector<crypto::Certificate> roots_ = pki_.roots();         // what the node knows at start
  std::vector<crypto::Certificate> config_roots_ = pki_.roots();  // what configurations name
  crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  TestState state_;
  TestSecurityStore security_;
  MonoTime now_{seconds(100)};
  std::unique_ptr<NodeLink> link_;
  std::vector<SendToControl> outbox_;  // under way
  std::vector<json> fabric_;           // what the fabric was told
  std::vector<json> security_messages_;  // and of security data
  int reconnects_ = 0;                 // with another identity
  int streams_ = 0;                    // of hints that were asked for
  std::vector<bool> reachable_;        // what it was told of the control plane
  std::optional<WallTime> issued_at_;  // of the envelopes, when not now
  std::vector<std::string> said_;
};

}  // namespace rap::agent
