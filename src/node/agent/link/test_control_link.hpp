// A node's link over memory: a control plane that answers what the test says, a fabric that is
// told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/seeded_random.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/tokens/dsse.hpp"
#include "node/agent/link/control_link.hpp"
#include "node/agent/link/test_security_store.hpp"
#include "node/agent/test_node_files.hpp"
#include "snapshot/configuration/node_config.hpp"

namespace rap::agent {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class ControlLinkWorld : public testing::Test {
 protected:
  ControlLinkWorld();

  // A new run of the agent over what the old one stored.
  void restart();

  void take(LinkActions actions);
  // The wall clock goes with the other one.
  WallTime wall() const;
  Now clocks() const { return {now_, wall()}; }
  void step(const LinkEvent& event);
  void wake();

  const std::vector<json>& security_messages() const { return security_messages_; }

  std::optional<json> sent(ControlCall call) const;
  std::string query_of(ControlCall call) const;
  // The control plane's answer to the call, which must be under way.
  void answer(ControlCall call, const json& body, int status = 200);
  void fail(ControlCall call);

  void check_in(std::uint64_t config_version, std::uint64_t commands_seq);
  snapshot::NodeConfig plain_config(std::uint64_t version) const;
  std::string envelope(std::uint64_t version);
  std::string envelope(std::uint64_t version, NodeId node, ClusterId cluster,
                       const crypto::PrivateKey& key);
  static json configs(std::uint64_t version, const std::string& envelope);
  static json terminate(std::uint64_t seq, const std::string& id);
  // The version that rap-fabric is given when it connects; 0: none.
  std::uint64_t in_force();
  void observe(std::uint64_t config_version);
  void fabric_says_done(const std::string& id);

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
  TestNodeFiles state_;
  TestSecurityStore security_;
  MonoTime now_{seconds(100)};
  std::unique_ptr<ControlLink> link_;
  std::vector<SendToControl> outbox_;  // under way
  std::vector<json> fabric_;           // what the fabric was told
  std::vector<json> clocks_;           // and of the host's clock
  int identities_ = 0;                 // how often, who this node is
  std::vector<json> security_messages_;  // and of security data
  int reconnects_ = 0;                 // with another identity
  int streams_ = 0;                    // of hints that were asked for
  std::optional<DiskFault> disk_;      // what is wrong with it
  PublicCredential public_credential_{"entry.example"};
  bool held_ = false;                  // rap-fabric must not run
  std::vector<bool> reachable_;        // what it was told of the control plane
  std::optional<WallTime> issued_at_;  // of the envelopes, when not now
  std::vector<std::string> said_;
};

}  // namespace rap::agent
