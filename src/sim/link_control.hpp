// A model of the control plane for the simulator of the control link: the truth, and answers to the
// calls of nodes word for word as rap-control gives them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/seeded_random.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/tokens/jws.hpp"
#include "snapshot/security_delta.hpp"
#include "wire/http/http_message.hpp"

namespace rap::sim {

class LinkControl {
 public:
  explicit LinkControl(std::uint64_t seed);

  // --- the truth, and how it changes
  void change_config() { ++config_version_; }
  void rotate_root();  // old → both → new
  void command(NodeId node);
  void bump_epoch(UserId user);
  void list(const std::string& address, bool listed);
  // Numbered now and seen only later: what a bare sequence does to a slow transaction.
  void list_unseen(const std::string& address, bool listed);
  void show_unseen();

  std::uint64_t config_version() const { return config_version_; }
  const std::string& trusted_pem() const { return trusted_pem_; }
  const std::map<UserId, snapshot::EpochChange>& epochs() const { return epochs_; }
  std::set<std::string> listed() const;
  std::size_t unfinished(NodeId node) const;  // commands
  std::uint64_t last_command(NodeId node) const;

  // --- what a node begins with
  ClusterId cluster() const { return pki_.cluster; }
  std::vector<crypto::Certificate> first_roots() const { return pki_.roots(); }
  crypto::Certificate certificate() const { return certificate_; }
  crypto::VerificationKey config_key() const { return {"c1", config_key_.public_key()}; }

  wire::HttpResponse answer(NodeId node, const wire::HttpRequest& request, WallTime now);

  static constexpr WallTime kStart = crypto::TestPki::now;

 private:
  struct Bundle {
    std::uint64_t version;
    std::string envelope;
  };
  struct Command {
    std::uint64_t seq;
    std::string id;
    bool finished = false;
  };

  std::string checkin(NodeId node) const;
  std::string configs(NodeId node, const std::string& body, WallTime now);
  std::string commands(NodeId node, const std::string& query) const;
  std::string deltas(const std::string& body) const;
  void finish(NodeId node, const std::string& path);

  SeededRandom rng_;
  crypto::TestPki pki_;
  crypto::Certificate certificate_;
  crypto::PrivateKey config_key_ = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  crypto::Issuer root_;  // that issues now
  std::string trusted_pem_;
  std::uint64_t config_version_ = 1;
  std::uint64_t bundle_version_ = 1;
  std::vector<Bundle> bundles_;
  std::map<NodeId, std::vector<Command>> commands_;
  std::uint64_t seq_ = 0;
  std::map<UserId, snapshot::EpochChange> epochs_;
  std::map<std::string, snapshot::BlocklistChange> blocklist_;
  std::vector<snapshot::BlocklistChange> unseen_;
};

}  // namespace rap::sim
