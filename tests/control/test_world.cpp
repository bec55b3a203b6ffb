#include "test_world.hpp"

#include <atomic>
#include <utility>

#include "base/encoding.hpp"
#include "control/people/accounts/bootstrap.hpp"
#include "crypto/tokens/dsse.hpp"
#include "wire/url.hpp"

namespace rap::store {

std::string Answered::code() const { return body.is_object() ? body.value("code", "") : ""; }

json in(const Answered& a, const char* list) {
  return a.body.is_object() ? a.body.value(list, json::array()) : json::array();
}

json attachment_wanted(const json& more) {
  json body = {
      {"client_keys",
       {{"flow_key", to_base64url(Bytes(32, 1))}, {"proof_key", to_base64url(Bytes(32, 2))}}}};
  body.update(more);
  return body;
}

json session_wanted(const std::string& resource, const json& more) {
  json body = attachment_wanted(more);
  body["resource"] = resource;
  return body;
}

// Worlds share a database, so that no two may draw the same ids; and a run is like the one before.
SharedRandom::SharedRandom()
    : rng_([] {
        static std::atomic<std::uint64_t> worlds = 0;
        return ++worlds;
      }()) {}

std::expected<void, control::DatabaseFault> MaybeDry::run(
    const control::Scope& scope,
    const std::function<control::Ending(control::Transaction&)>& work) {
  ++transactions;
  if (away || std::exchange(away_once, false))
    return std::unexpected(control::DatabaseFault::unavailable);
  return inner_.run(scope, [&](control::Transaction& tx) {
    const control::Ending ending = work(tx);
    return dry ? control::Ending::roll_back : ending;
  });
}

std::expected<snapshot::TokenKey, std::string> TestTrustKeys::next_token_key() {
  if (!next_token_) {
    next_token_ =
        control::make_signing_key("token", crypto::PrivateKey::generate(crypto::KeyType::ed25519));
  }
  return control::token_key_of(*next_token_);
}

std::expected<void, std::string> TestTrustKeys::follow(const control::TrustState& state,
                                                       const control::TokenKeyState& tokens,
                                                       std::vector<std::string> bundles) {
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

void TestTrustKeys::prepare(const crypto::Issuer& old_root, WallTime now, RandomSource& rng) {
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
  next_ = control::PreparedTrust{control::ca_ref_of(first_), control::ca_ref_of(root_->certificate),
                                 stored(2, {first_, root_->certificate}),
                                 stored(3, {root_->certificate})};
}

ControlPlane::ControlPlane(const std::string& conninfo, control::DevicePolicy devices)
    : devices_(devices),
      real_database_({conninfo, std::string(kAppRole), 4}, log_),
      database(real_database_),
      api_({database, current, metrics_, log_, {proofs, devices_}, scrapers}, room_ports()),
      nodes_(node_listener_ports()) {}

control::RoomPorts ControlPlane::room_ports() {
  using namespace control;
  const std::string url = "https://control.test:8443";
  return {database,
          SignInPorts{database, rng_, {throttle}, hasher, metrics_, {proofs, devices_}},
          PeoplePorts{database, rng_, hasher},
          AccessPorts{database, rng_},
          JoinTokenPorts{database, rng_, current, url},
          EnrolmentPorts{database, rng_, throttle, current, issuing(), "control.test:9091"},
          NodePorts{database, rng_},
          status(),
          rotation(),
          AttachmentPorts{database, rng_, current, log_, throttle, devices_},
          FallbackPorts{database, metrics_, log_},
          ConfigStatusPorts{database, models, current},
          PlatformPorts{database, current, metrics_, api_description({url, "0.0.0"})}};
}

control::NodeListenerPorts ControlPlane::node_listener_ports() {
  return {database,
          admission_cache,
          answers,
          metrics_,
          {rng_, current, models, given_configs, issuing(), log_, {}, [](ByteView asked, WallTime) {
             return "answer to " + std::string(as_text(asked));
           }}};
}

Answered ControlPlane::call(const std::string& method, const std::string& path, const json& body,
                            const std::string& token) {
  if (token.empty()) return bare_call(method, path, body);
  return call_from(device(), method, path, body, token);
}

Answered ControlPlane::call_from(const crypto::PrivateKey& device, const std::string& method,
                                 const std::string& path, const json& body,
                                 const std::string& token) {
  wire::HttpRequest asked = request_of(method, path, body);
  if (!token.empty()) asked.headers.emplace_back("authorization", "Bearer " + token);
  return request(proven(std::move(asked), device));
}

Answered ControlPlane::bare_call(const std::string& method, const std::string& path,
                                 const json& body, const std::string& token) {
  wire::HttpRequest asked = request_of(method, path, body);
  if (!token.empty()) asked.headers.emplace_back("authorization", "Bearer " + token);
  return request(asked);
}

const crypto::PrivateKey& ControlPlane::device() {
  static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  return key;
}

wire::HttpRequest ControlPlane::proven(wire::HttpRequest asked, const crypto::PrivateKey& device) {
  const std::string target = asked.query.empty() ? asked.path : asked.path + "?" + asked.query;
  const auto bearer = control::bearer_of(asked.header("authorization"));
  std::erase_if(asked.headers,
                [](const auto& h) { return h.first == control::kDeviceProofHeader; });
  asked.headers.emplace_back(
      control::kDeviceProofHeader,
      crypto::make_device_proof(device,
                                {.cluster = current.get()->cluster,
                                 .method = asked.method,
                                 .target = target,
                                 .bearer = bearer.value_or(std::string_view{}),
                                 .body = asked.body},
                                TokenId::random(rng_), now, proofs.nonce()));
  return asked;
}

Answered ControlPlane::node_call(const std::string& node, const std::string& path,
                                 const json& body) {
  return read(nodes_.handle(node_request_of(node, path, body), now));
}

snapshot::NodeConfig ControlPlane::config_of(const std::string& node) {
  const Answered a = node_call(node, "configs/pull", {{"have", 0}});
  EXPECT_EQ(a.status, 200) << a.text;
  const json& given = a.body["configs"][0];
  const auto& key = authority().config_key;
  const auto payload =
      crypto::open_envelope(given["envelope"].get<std::string>(), snapshot::kNodeConfigType,
                            {{key.kid, key.key.public_key()}});
  EXPECT_TRUE(payload);
  const auto config = snapshot::parse_node_config(as_text(*payload));
  EXPECT_TRUE(config) << config.error();
  EXPECT_EQ(config->version, given["version"]);
  return *config;
}

wire::HttpRequest ControlPlane::node_request_of(const std::string& node, const std::string& path,
                                                const json& body) {
  wire::HttpRequest request = request_of("POST", "/cp/v2/nodes/" + node + "/" + path, body);
  request.peer = wire::SpiffeId::of_node(authority().cluster, *NodeId::parse(node));
  request.peer_certificate_serial = serials[node];
  return request;
}

std::vector<Answered> ControlPlane::node_requests_together(
    const std::vector<wire::HttpRequest>& requests) {
  std::vector<Answered> out;
  for (auto& response : nodes_.handle_together(requests, now)) {
    out.push_back(read(std::move(response)));
  }
  return out;
}

Answered ControlPlane::node_request(const wire::HttpRequest& request) {
  return read(nodes_.handle(request, now));
}

wire::HttpRequest ControlPlane::request_of(const std::string& method, const std::string& path,
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

std::string ControlPlane::sign_in(const std::string& email) {
  const Answered a = call_from(device(), "POST", "/api/v1/auth/login",
                               {{"email", email}, {"password", kPassword}});
  EXPECT_EQ(a.status, 200) << email << ": " << a.text;
  return a.body.value("token", "");
}

json ControlPlane::enrolment(const std::string& join_token, const crypto::PrivateKey& key,
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

std::pair<std::string, std::string> ControlPlane::request_enrolment(const std::string& owner,
                                                                    const std::string& name) {
  const Answered token = call("POST", "/api/v1/join-tokens", {{"node_name", name}}, owner);
  EXPECT_EQ(token.status, 201) << token.text;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  const json body = enrolment(token.body["join_token"], key, name + ".test");
  const Answered enrolled = call("POST", "/api/v1/enrolments", body);
  EXPECT_EQ(enrolled.status, 202) << enrolled.text;
  return {body["node_id"], enrolled.body["id"]};
}

std::string ControlPlane::add_node(const std::string& owner, const std::string& name,
                                   const json& roles) {
  const auto [node, enrolment_id] = request_enrolment(owner, name);
  EXPECT_EQ(call("POST", "/api/v1/enrolments/" + enrolment_id + "/approve", {}, owner).status, 200);
  const Answered status = call("POST", "/api/v1/enrolments/" + enrolment_id + "/status",
                               {{"poll_secret", "poll secret"}});
  const auto leaf =
      crypto::Certificate::from_pem(status.body["certificate_chain"].get<std::string>());
  serials[node] = leaf->serial_hex();
  EXPECT_EQ(call("PUT", "/api/v1/nodes/" + name + "/roles", {{"roles", roles}}, owner).status, 200);
  return node;
}

const crypto::Issuer& ControlPlane::root() {
  static const crypto::Issuer made = [] {
    SeededRandom rng(11);
    const ClusterId cluster = ClusterId::random(rng);
    return crypto::make_root(cluster, control::validity_from(kStart, std::chrono::days{3650}), rng);
  }();
  return made;
}

const control::Authority& ControlPlane::authority() {
  static const control::Authority made = [] {
    SeededRandom rng(11);
    const ClusterId cluster = ClusterId::random(rng);
    SeededRandom more(12);
    return control::Authority{
        cluster,
        {root().certificate},
        crypto::make_intermediate(root(), cluster,
                                  control::validity_from(kStart, std::chrono::days{3650}), more),
        control::make_signing_key("token", crypto::PrivateKey::generate(crypto::KeyType::ed25519)),
        control::make_signing_key("config",
                                  crypto::PrivateKey::generate(crypto::KeyType::ed25519))};
  }();
  return made;
}

Answered ControlPlane::read(wire::HttpResponse response) {
  Answered a;
  a.status = response.status;
  a.text = response.body;
  a.body = json::parse(response.body, nullptr, false);
  a.response = std::move(response);
  return a;
}

namespace {

Seed seed_database() {
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
  s.tokens["scraper"] = post("metrics-tokens", {{"name", "prometheus"}}).value("metrics_token", "");
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
      c.call("POST", "/api/v1/sessions", session_wanted("secret-alpha"), s.tokens["user@alpha"]);
  EXPECT_EQ(session.status, 201) << session.text;
  s.session = session.body["session"]["id"];
  s.pending_enrolment = c.request_enrolment(root, "newcomer").second;
  s.serials = c.serials;
  return s;
}

}  // namespace

const Seed& seed() {
  static const Seed made = seed_database();
  return made;
}

SeededWorld::SeededWorld()
    : conninfo(TestCluster::get().copy(seed().database)),
      control(std::make_unique<ControlPlane>(conninfo)) {
  control->serials = seed().serials;
}

Answered SeededWorld::as(const std::string& who, const std::string& method, const std::string& path,
                         const json& body) {
  return control->call(method, "/api/v1/" + path, body, who.empty() ? "" : seed().tokens.at(who));
}

}  // namespace rap::store
