// For tests: the whole control plane over a real PostgreSQL, without sockets. Two organizations
// (alpha, beta) with people of every role, three nodes, a resource each, a session.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "control/entrance/api.hpp"
#include "control/housekeeping/housekeeping.hpp"
#include "control/http/throttle.hpp"
#include "control/link/listener/node_listener.hpp"
#include "control/people/password_hasher.hpp"
#include "control/people/signing_in/device_proofs.hpp"
#include "control/people/signing_in/proof_memory.hpp"
#include "control/pki/rotation/trust_keys.hpp"
#include "control/store/recent_admissions.hpp"
#include "control/store/recent_answers.hpp"
#include "control/store/recent_configs.hpp"
#include "control/store/recent_scrapers.hpp"
#include "control/store/shared_cluster_models.hpp"
#include "control/store/test_cluster.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "wire/url.hpp"

namespace rap::store {

using nlohmann::json;

class NoThrottle : public control::Throttle {
 public:
  using control::Throttle::take;
  std::optional<Duration> take(Kind kind, std::string_view key, unsigned count) override {
    return limits != nullptr ? limits->take(kind, key, count) : refusal;
  }
  void give_back(Kind kind, std::string_view key) override {
    ++given_back;
    if (limits != nullptr) limits->give_back(kind, key);
  }
  control::Throttle* limits = nullptr;  // those there are, where a test is of them
  std::optional<Duration> refusal;
  int given_back = 0;
};

// argon2id has its own tests; here a hash only has to be checked.
class PlainHasher : public control::PasswordHasher {
 public:
  std::optional<std::string> hash(std::string_view password) override {
    return busy ? std::nullopt : std::optional("plain:" + std::string(password));
  }
  std::optional<bool> check(std::string_view password, std::string_view hash) override {
    return busy ? std::nullopt : std::optional(hash == "plain:" + std::string(password));
  }
  bool busy = false;
};

struct Answered {
  int status = 0;
  json body;
  std::string text;
  wire::HttpResponse response;

  std::string code() const;
};

// The list in an answer, as a value: a range-for over a member of a temporary would dangle.
json in(const Answered& a, const char* list);

// What a client asks for a session with, and for an attachment; `more` are further members.
json session_wanted(const std::string& resource, const json& more = json::object());
json attachment_wanted(const json& more = json::object());

// Ids must differ between the copies of one database, and calls come from several threads.
class SharedRandom final : public RandomSource {
 public:
  SharedRandom();
  void fill(MutableBytes out) override {
    std::lock_guard lock(mutex_);
    rng_.fill(out);
  }

 private:
  std::mutex mutex_;
  SeededRandom rng_;
};

// Goes on by a second whenever somebody looks, from any thread, until it is told to stand still.
class SteppingClock {
 public:
  MonoTime look() {
    std::lock_guard lock(mutex_);
    return now_ += step_;
  }
  void stand_still() {
    std::lock_guard lock(mutex_);
    step_ = Duration::zero();
  }
  void advance(Duration by) {
    std::lock_guard lock(mutex_);
    now_ += by;
  }

 private:
  std::mutex mutex_;
  MonoTime now_{std::chrono::hours{1}};
  Duration step_ = std::chrono::seconds{1};
};

// Passes transactions on, and while `dry` lets none of them commit: every use case writes in one
// transaction, so what it answers is the same and nothing is left of it. While `away`, and once for
// `away_once`, it passes nothing on.
class MaybeDry final : public control::Database {
 public:
  explicit MaybeDry(control::Database& inner) : inner_(inner) {}
  std::expected<void, control::DatabaseFault> run(
      const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work) override;
  bool dry = false;
  bool away = false;
  bool away_once = false;
  std::atomic<int> transactions = 0;

 private:
  control::Database& inner_;
};

class TestAuthority final : public control::CurrentAuthority {
 public:
  explicit TestAuthority(control::Authority authority) { set(std::move(authority)); }
  std::shared_ptr<const control::Authority> get() const override {
    std::lock_guard lock(mutex_);
    return current_;
  }
  void set(control::Authority authority) {
    std::lock_guard lock(mutex_);
    current_ = std::make_shared<const control::Authority>(std::move(authority));
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const control::Authority> current_;
};

// A prepared rotation without files.
class TestTrustKeys final : public control::TrustKeys {
 public:
  explicit TestTrustKeys(TestAuthority& current) : current_(current) {}
  std::function<void()> on_follow;

  std::expected<std::optional<control::PreparedTrust>, std::string> prepared() override {
    return next_;
  }
  std::expected<snapshot::TokenKey, std::string> next_token_key() override;
  std::expected<void, std::string> follow(const control::TrustState& state,
                                          const control::TokenKeyState& tokens,
                                          std::vector<std::string> bundles) override;

  // What `rap-control trust prepare` does.
  void prepare(const crypto::Issuer& old_root, WallTime now, RandomSource& rng);

 private:
  TestAuthority& current_;
  crypto::Certificate first_{nullptr};
  std::optional<crypto::Issuer> root_;
  std::optional<crypto::Issuer> intermediate_;
  std::optional<control::PreparedTrust> next_;
  std::optional<control::SigningKey> next_token_;
};

class TestProofs final : public control::DeviceProofs {
 public:
  TestProofs(RandomSource& rng, SteppingClock& clock) : memory_(rng), clock_(clock) {}
  control::Outcome<void> check(const crypto::DeviceProof& proof, WallTime now) override {
    std::lock_guard lock(mutex_);
    return memory_.check(proof, clock_.look(), now);
  }
  control::Outcome<void> use(const crypto::DeviceProof& proof, UserId user, WallTime now) override {
    std::lock_guard lock(mutex_);
    return memory_.use(proof, user, clock_.look(), now);
  }
  std::string nonce() {
    std::lock_guard lock(mutex_);
    return memory_.nonce(clock_.look());
  }

 private:
  std::mutex mutex_;
  control::ProofMemory memory_;
  SteppingClock& clock_;
};

// A control plane on one database.
class ControlPlane {
 public:
  explicit ControlPlane(const std::string& conninfo,
                        control::DevicePolicy devices = control::DevicePolicy::proven);

  static constexpr const char* kPassword = "a long enough password";

  // Calls with a proof of the device that everybody signs in with here, unless another key is
  // given.
  Answered call(const std::string& method, const std::string& path, const json& body = {},
                const std::string& token = "");
  Answered call_from(const crypto::PrivateKey& device, const std::string& method,
                     const std::string& path, const json& body = {}, const std::string& token = "");
  // Calls without any.
  Answered bare_call(const std::string& method, const std::string& path, const json& body = {},
                     const std::string& token = "");
  Answered request(const wire::HttpRequest& request) { return read(api_.handle(request, now)); }
  static const crypto::PrivateKey& device();
  wire::HttpRequest proven(wire::HttpRequest request, const crypto::PrivateKey& device);
  std::uint64_t statements() const { return real_database_.statements(); }
  // Calls as a node, with the certificate it was issued last.
  Answered node_call(const std::string& node, const std::string& path, const json& body = {});
  snapshot::NodeConfig config_of(const std::string& node);  // that it is given
  wire::HttpRequest node_request_of(const std::string& node, const std::string& path,
                                    const json& body);
  std::vector<Answered> node_requests_together(const std::vector<wire::HttpRequest>& requests);
  Answered node_request(const wire::HttpRequest& request);
  static wire::HttpRequest request_of(const std::string& method, const std::string& path,
                                      const json& body);
  std::string sign_in(const std::string& email);

  static json enrolment(const std::string& join_token, const crypto::PrivateKey& key,
                        const std::string& host);
  // Join token, enrolment; yields {node id, enrolment id}.
  std::pair<std::string, std::string> request_enrolment(const std::string& owner,
                                                        const std::string& name);
  std::string add_node(const std::string& owner, const std::string& name, const json& roles);

  static const crypto::Issuer& root();
  // One for all tests: databases are copied, certificates go with them.
  static const control::Authority& authority();

  const control::Api& api() const { return api_; }
  const control::NodeListener& node_listener() const { return nodes_; }
  control::HousekeepingPorts house() {
    return {database, real_database_.standing(), rng_, authority().cluster};
  }
  control::RotationPorts rotation() { return {database, current, trust_keys, log_}; }
  control::StatusPorts status() { return {database, current, log_}; }

  static constexpr WallTime kStart = from_unix(1'800'000'000);
  WallTime now = kStart;
  NoThrottle throttle;
  PlainHasher hasher;
  std::map<std::string, std::string> serials;  // by node id
  TestAuthority current{authority()};
  TestTrustKeys trust_keys{current};
  SharedClusterModels models{std::chrono::seconds{snapshot::kDefaultValidForS}};
  SteppingClock clock;

 private:
  SilentLog log_;
  SharedRandom rng_;

 public:
  TestProofs proofs{rng_, clock};

 private:
  const control::DevicePolicy devices_;
  PostgresDatabase real_database_;

 public:
  MaybeDry database;
  RecentAdmissions admission_cache{database, authority().cluster, [this] { return clock.look(); }};
  RecentAnswers answers;
  RecentConfigs given_configs;
  RecentScrapers scrapers{[this] { return clock.look(); }};

 private:
  struct OwnNames final : control::OwnNames {
    std::vector<std::string> hosts() const override { return {"control.test", "192.0.2.1"}; }
  };
  static Answered read(wire::HttpResponse response);
  control::IssuingPorts issuing() { return {.rng = rng_, .own_names = &own_names_}; }
  control::RoomPorts room_ports();
  control::NodeListenerPorts node_listener_ports();

  OwnNames own_names_;
  control::Metrics metrics_;
  control::Api api_;
  control::NodeListener nodes_;
};

// What the seeded database holds.
struct Seed {
  std::string database;
  std::map<std::string, std::string> tokens;  // by the part of the email before '@'
  std::string entry, relay, egress;  // node ids
  std::string session;  // of ann of alpha with secret-alpha
  std::string pending_enrolment;
  std::map<std::string, std::string> serials;
};

const Seed& seed();

// A control plane on a copy of the seeded database of its own.
class SeededWorld {
 public:
  SeededWorld();
  Answered as(const std::string& who, const std::string& method, const std::string& path,
              const json& body = {});
  const std::string conninfo;
  std::unique_ptr<ControlPlane> control;
};

}  // namespace rap::store
