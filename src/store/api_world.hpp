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
#include <random>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "control/api.hpp"
#include "control/bootstrap.hpp"
#include "control/node_link.hpp"
#include "store/cluster_models.hpp"
#include "store/shared_answers.hpp"
#include "store/standings.hpp"
#include "store/test_cluster.hpp"
#include "wire/url.hpp"

namespace rap::store {

using nlohmann::json;

class NoThrottle : public control::Throttle {
 public:
  std::optional<Duration> take(Kind, std::string_view) override { return refusal; }
  void give_back(Kind, std::string_view) override { ++given_back; }
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

  std::string code() const { return body.is_object() ? body.value("code", "") : ""; }
};

// The list in an answer, as a value: a range-for over a member of a temporary would dangle.
inline json in(const Answered& a, const char* list) {
  return a.body.is_object() ? a.body.value(list, json::array()) : json::array();
}

// Ids must differ between the copies of one database, and calls come from several threads.
class SharedRandom final : public RandomSource {
 public:
  void fill(MutableBytes out) override {
    std::lock_guard lock(mutex_);
    rng_.fill(out);
  }

 private:
  std::mutex mutex_;
  SeededRandom rng_{static_cast<std::uint64_t>(std::random_device{}())};
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
// transaction, so what it answers is the same and nothing is left of it.
class MaybeDry final : public control::Database {
 public:
  explicit MaybeDry(control::Database& inner) : inner_(inner) {}
  std::expected<void, control::DatabaseFault> run(
      const control::Scope& scope,
      const std::function<control::Ending(control::Transaction&)>& work) override {
    ++transactions;
    return inner_.run(scope, [&](control::Transaction& tx) {
      const control::Ending ending = work(tx);
      return dry ? control::Ending::roll_back : ending;
    });
  }
  bool dry = false;
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
  std::expected<snapshot::TokenKey, std::string> next_token_key() override {
    if (!next_token_) {
      next_token_ = control::make_signing_key(
          "token", crypto::PrivateKey::generate(crypto::KeyType::ed25519));
    }
    return control::token_key_of(*next_token_);
  }
  std::expected<void, std::string> follow(const control::TrustState& state,
                                          const control::TokenKeyState& tokens,
                                          std::vector<std::string> bundles) override {
    if (on_follow) on_follow();
    control::Authority next = *current_.get();
    if (tokens.phase == control::TokenKeyPhase::overlapping) next.token_key = *next_token_;
    next.bundle_version = state.bundle_version;
    next.bundles = std::move(bundles);
    if (root_ && state.phase == control::TrustPhase::distributing) {
      next.roots = {first_, root_->certificate};
    } else if (root_ && state.phase != control::TrustPhase::stable) {
      next.roots = {root_->certificate, first_};
      next.intermediate = *intermediate_;
    }
    current_.set(std::move(next));
    return {};
  }

  // What `rap-control trust prepare` does.
  void prepare(const crypto::Issuer& old_root, WallTime now, RandomSource& rng) {
    const auto authority = current_.get();
    const auto validity = control::validity_from(now, std::chrono::days{3650});
    first_ = old_root.certificate;
    root_ = crypto::make_root(authority->cluster, validity, rng);
    intermediate_ = crypto::make_intermediate(*root_, authority->cluster, validity, rng);
    const auto stored = [&](std::uint64_t version, std::vector<crypto::Certificate> roots) {
      const snapshot::TrustBundle bundle{version, authority->cluster, std::move(roots)};
      return control::StoredBundle{version, snapshot::seal_trust_bundle(bundle, {old_root, *root_}),
                                   bundle.pem()};
    };
    next_ = control::PreparedTrust{
        control::ca_ref_of(first_), control::ca_ref_of(root_->certificate),
        stored(2, {first_, root_->certificate}), stored(3, {root_->certificate})};
  }

 private:
  TestAuthority& current_;
  crypto::Certificate first_{nullptr};
  std::optional<crypto::Issuer> root_;
  std::optional<crypto::Issuer> intermediate_;
  std::optional<control::PreparedTrust> next_;
  std::optional<control::SigningKey> next_token_;
};

// A control plane on one database.
class ControlPlane {
 public:
  explicit ControlPlane(const std::string& conninfo)
      : real_database_({conninfo, std::string(kAppRole), 4}, log_),
        database(real_database_),
        services_{database, rng_,      throttle,
                  hasher,   current,   trust_keys,
                  models,   standings, answers,
                  metrics_, log_,      {"https://control.test:8443", "control.test:9091", "0.0.0"}},
        api_(services_),
        nodes_(services_) {}

  static constexpr const char* kPassword = "a long enough password";

  Answered call(const std::string& method, const std::string& path, const json& body = {},
                const std::string& token = "") {
    wire::HttpRequest request = request_of(method, path, body);
    if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
    return read(api_.handle(request, now));
  }
  std::uint64_t statements() const { return real_database_.statements(); }
  // As a node, with the certificate it was issued last.
  Answered node_call(const std::string& node, const std::string& path, const json& body = {}) {
    return read(nodes_.handle(node_request_of(node, path, body), now));
  }
  wire::HttpRequest node_request_of(const std::string& node, const std::string& path,
                                    const json& body) {
    wire::HttpRequest request = request_of("POST", "/cp/v2/nodes/" + node + "/" + path, body);
    request.peer = wire::SpiffeId::of_node(authority().cluster, *NodeId::parse(node));
    request.peer_certificate_serial = serials[node];
    return request;
  }
  std::vector<Answered> node_requests_together(const std::vector<wire::HttpRequest>& requests) {
    std::vector<Answered> out;
    for (auto& response : nodes_.handle_together(requests, now)) {
      out.push_back(read(std::move(response)));
    }
    return out;
  }
  Answered node_request(const wire::HttpRequest& request) {
    return read(nodes_.handle(request, now));
  }
  static wire::HttpRequest request_of(const std::string& method, const std::string& path,
                                      const json& body) {
    wire::HttpRequest request;
    request.method = method;
    const std::size_t mark = std::min(path.find('?'), path.size());
    request.path = path.substr(0, mark);
    request.query = path.substr(std::min(mark + 1, path.size()));
    if (!body.is_null()) request.body = body.dump();
    request.peer_ip = "192.0.2.7";
    return request;
  }
  std::string sign_in(const std::string& email) {
    const Answered a =
        call("POST", "/api/v1/auth/login", {{"email", email}, {"password", kPassword}});
    EXPECT_EQ(a.status, 200) << email << ": " << a.text;
    return a.body.value("token", "");
  }

  static json enrolment(const std::string& join_token, const crypto::PrivateKey& key,
                        const std::string& host) {
    const auto raw = from_base64url(join_token.substr(7));
    const json said = json::parse(raw->begin(), raw->end());
    crypto::SubjectNames names;
    names.uris = {"spiffe://rap/cluster/" + said["cluster"].get<std::string>() + "/node/" +
                  said["node"].get<std::string>()};
    names.dns = {host};
    return {{"node_id", said["node"]},
            {"secret", said["secret"]},
            {"csr", crypto::make_csr(key, names)},
            {"poll_secret_hash", crypto::sha256_hex(as_bytes("poll secret"))},
            {"seal_key", to_base64(Bytes(32, 7))},
            {"data_plane_advertise", host + ":4443"},
            {"fabric_advertise", host + ":4444"},
            {"metadata", {{"hostname", host}, {"os", "Debian"}, {"software_version", "0"}}}};
  }
  // Join token, enrolment; yields {node id, enrolment id}.
  std::pair<std::string, std::string> request_enrolment(const std::string& owner,
                                                        const std::string& name) {
    const Answered token = call("POST", "/api/v1/join-tokens", {{"node_name", name}}, owner);
    EXPECT_EQ(token.status, 201) << token.text;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
    const json body = enrolment(token.body["join_token"], key, name + ".test");
    const Answered enrolled = call("POST", "/api/v1/enrolments", body);
    EXPECT_EQ(enrolled.status, 202) << enrolled.text;
    return {body["node_id"], enrolled.body["id"]};
  }
  std::string add_node(const std::string& owner, const std::string& name, const json& roles) {
    const auto [node, enrolment_id] = request_enrolment(owner, name);
    EXPECT_EQ(call("POST", "/api/v1/enrolments/" + enrolment_id + "/approve", {}, owner).status,
              200);
    const Answered status = call("POST", "/api/v1/enrolments/" + enrolment_id + "/status",
                                 {{"poll_secret", "poll secret"}});
    const auto leaf =
        crypto::Certificate::from_pem(status.body["certificate_chain"].get<std::string>());
    serials[node] = leaf->serial_hex();
    EXPECT_EQ(call("PUT", "/api/v1/nodes/" + name + "/roles", {{"roles", roles}}, owner).status,
              200);
    return node;
  }

  static const crypto::Issuer& root() {
    static const crypto::Issuer made = [] {
      SeededRandom rng(11);
      const ClusterId cluster = ClusterId::random(rng);
      return crypto::make_root(cluster, control::validity_from(kStart, std::chrono::days{3650}),
                               rng);
    }();
    return made;
  }
  // One for all tests: databases are copied, certificates go with them.
  static const control::Authority& authority() {
    static const control::Authority made = [] {
      SeededRandom rng(11);
      const ClusterId cluster = ClusterId::random(rng);
      SeededRandom more(12);
      return control::Authority{
          cluster,
          {root().certificate},
          crypto::make_intermediate(root(), cluster,
                                    control::validity_from(kStart, std::chrono::days{3650}), more),
          control::make_signing_key("token",
                                    crypto::PrivateKey::generate(crypto::KeyType::ed25519)),
          control::make_signing_key("config",
                                    crypto::PrivateKey::generate(crypto::KeyType::ed25519))};
    }();
    return made;
  }

  const control::Api& api() const { return api_; }
  const control::NodeLink& node_link() const { return nodes_; }
  control::Services& services() { return services_; }

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
  PostgresDatabase real_database_;

 public:
  MaybeDry database;
  RecentStandings standings{database, [this] { return clock.look(); }};
  RecentAnswers answers;

 private:
  static Answered read(wire::HttpResponse response) {
    Answered a;
    a.status = response.status;
    a.text = response.body;
    a.body = json::parse(response.body, nullptr, false);
    a.response = std::move(response);
    return a;
  }

  control::Metrics metrics_;
  control::Services services_;
  control::Api api_;
  control::NodeLink nodes_;
};

// What the seeded database holds.
struct Seed {
  std::string database;
  std::map<std::string, std::string> tokens;  // by the part of the email before '@'
  std::string entry, relay, egress;           // node ids
  std::string session;                        // of ann of alpha with secret-alpha
  std::string pending_enrolment;
  std::map<std::string, std::string> serials;
};

inline Seed seed_database() {
  Seed s;
  s.database = "seed";
  ControlPlane c(TestCluster::get().copy("rap", s.database));
  control::User owner;
  SeededRandom rng(3);
  owner.id = UserId::random(rng);
  owner.email = "root@platform.test";
  owner.platform_role = policy::PlatformRole::platform_owner;
  owner.created_at = c.now;
  EXPECT_TRUE(control::bootstrap(c.database, ControlPlane::authority().cluster, owner,
                                 "plain:" + std::string(ControlPlane::kPassword)));
  const std::string root = c.sign_in(owner.email);
  const auto post = [&](const std::string& path, const json& body) {
    const Answered a = c.call("POST", "/api/v1/" + path, body, root);
    EXPECT_LT(a.status, 300) << path << ": " << a.text;
    return a.body;
  };
  const auto user = [&](const std::string& email, const std::string& role = "none") {
    post("users",
         {{"email", email}, {"password", ControlPlane::kPassword}, {"platform_role", role}});
  };
  user("keeper@platform.test", "platform_admin");
  user("nobody@nowhere.test");
  for (const std::string org : {"alpha", "beta"}) {
    post("organizations", {{"name", org}});
    for (const std::string role : {"user", "admin", "owner"}) {
      const std::string email = role + "@" + org + ".test";
      user(email);
      post("organizations/" + org + "/members",
           {{"email", email}, {"role", "organization_" + role}});
      s.tokens[role + "@" + org] = c.sign_in(email);
    }
  }
  s.tokens["root"] = root;
  s.tokens["keeper"] = c.sign_in("keeper@platform.test");
  s.tokens["nobody"] = c.sign_in("nobody@nowhere.test");
  s.entry = c.add_node(root, "entry-n", {"entry"});
  s.relay = c.add_node(root, "relay-n", {"relay"});
  s.egress = c.add_node(root, "egress-n", {"egress"});
  for (const std::string org : {"alpha", "beta"}) {
    const std::string base = "organizations/" + org + "/";
    post(base + "egress-pools", {{"name", "pool-" + org}});
    EXPECT_EQ(
        c.call("PUT", "/api/v1/" + base + "egress-pools/pool-" + org + "/nodes/egress-n", {}, root)
            .status,
        204);
    post(base + "resources", {{"name", "secret-" + org},
                              {"protocol", "ssh"},
                              {"host", org + ".internal"},
                              {"port", 22},
                              {"egress_pool", "pool-" + org}});
    post(base + "resources/secret-" + org + "/grants", {{"email", "user@" + org + ".test"}});
  }
  const Answered session =
      c.call("POST", "/api/v1/sessions", {{"resource", "secret-alpha"}}, s.tokens["user@alpha"]);
  EXPECT_EQ(session.status, 201) << session.text;
  s.session = session.body["session"]["id"];
  s.pending_enrolment = c.request_enrolment(root, "newcomer").second;
  s.serials = c.serials;
  return s;
}

inline const Seed& seed() {
  static const Seed made = seed_database();
  return made;
}

// A control plane on a copy of the seeded database of its own.
class SeededWorld {
 public:
  SeededWorld()
      : conninfo(TestCluster::get().copy(seed().database)),
        control(std::make_unique<ControlPlane>(conninfo)) {
    control->serials = seed().serials;
  }
  Answered as(const std::string& who, const std::string& method, const std::string& path,
              const json& body = {}) {
    return control->call(method, "/api/v1/" + path, body, who.empty() ? "" : seed().tokens.at(who));
  }
  const std::string conninfo;
  std::unique_ptr<ControlPlane> control;
};

}  // namespace rap::store
