#include "sim/link_control.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "crypto/tokens/dsse.hpp"
#include "snapshot/configuration/node_config.hpp"
#include "snapshot/trust_bundle.hpp"
#include "wire/http/node_api_calls.hpp"
#include "wire/node_commands.hpp"

namespace rap::sim {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCommands = 256;
constexpr const wire::NodeCommandKind& kCommand = kind_of(wire::NodeCommandType::terminate_session);
constexpr std::chrono::hours kLife{24 * 99};  // the nodes' certificates outlive every play

crypto::Certificate leaf_of(crypto::TestPki& pki) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  names.uris = {wire::SpiffeId::of_node(pki.cluster, NodeId::random(pki.rng)).str()};
  return crypto::issue_leaf(
      pki.intermediate, key.public_key(), names,
      {crypto::TestPki::now - crypto::TestPki::day, crypto::TestPki::now + kLife}, pki.rng);
}

template <class Changes>
void cut(Changes& changes, bool& more) {
  std::ranges::sort(changes, {}, [](const auto& c) { return c.seq; });
  more = changes.size() >= snapshot::kMaxDeltasAPull;
  if (more) changes.resize(snapshot::kMaxDeltasAPull);
}

}  // namespace

LinkControl::LinkControl(std::uint64_t seed)
    : rng_(seed),
      pki_(seed),
      certificate_(leaf_of(pki_)),
      root_(pki_.root),
      trusted_pem_(crypto::chain_pem(pki_.roots())) {}

void LinkControl::rotate_root() {
  const crypto::Issuer next = crypto::make_root(pki_.cluster, crypto::TestPki::validity, rng_);
  for (const auto& roots :
       {std::vector{root_.certificate, next.certificate}, std::vector{next.certificate}}) {
    const snapshot::TrustBundle bundle{++bundle_version_, pki_.cluster, roots};
    bundles_.push_back({bundle.version, snapshot::seal_trust_bundle(bundle, {root_, next})});
    trusted_pem_ = bundle.pem();
  }
  root_ = next;
  ++config_version_;
}

void LinkControl::command(NodeId node) {
  auto& list = commands_[node];
  list.push_back({list.size() + 1, SessionId::random(rng_).str()});
}

void LinkControl::bump_epoch(UserId user) {
  auto& row = epochs_[user];
  row = {user, row.epoch + 1, ++seq_};
}

void LinkControl::list(const std::string& address, bool listed) {
  blocklist_[address] = {policy::BlocklistKind::ip, address, listed, {}, ++seq_};
}

void LinkControl::list_unseen(const std::string& address, bool listed) {
  unseen_.push_back({policy::BlocklistKind::ip, address, listed, {}, ++seq_});
}

void LinkControl::show_unseen() {
  for (const auto& change : std::exchange(unseen_, {})) {
    auto& row = blocklist_[change.value];
    if (row.seq < change.seq) row = change;
  }
}

std::set<std::string> LinkControl::listed() const {
  std::set<std::string> values;
  for (const auto& [value, change] : blocklist_) {
    if (change.listed) values.insert(value);
  }
  return values;
}

std::size_t LinkControl::unfinished(NodeId node) const {
  const auto it = commands_.find(node);
  if (it == commands_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count(it->second, false, &Command::finished));
}

std::uint64_t LinkControl::last_command(NodeId node) const {
  const auto it = commands_.find(node);
  return it == commands_.end() ? 0 : it->second.back().seq;
}

wire::HttpResponse LinkControl::answer(NodeId node, const wire::HttpRequest& request,
                                       WallTime now) {
  using enum wire::NodeApiCall;
  const auto is = [&](wire::NodeApiCall call) {
    return request.path == path_of(call, {node.str()});
  };
  wire::HttpResponse response;
  response.status = 200;
  if (is(check_in)) {
    response.body = checkin(node);
  } else if (is(pull_configs)) {
    response.body = configs(node, request.body, now);
  } else if (is(pull_commands)) {
    response.body = commands(node, request.query);
  } else if (is(pull_deltas)) {
    response.body = deltas(request.body);
  } else {
    finish(node, request.path);
    response.status = 204;
  }
  return response;
}

std::string LinkControl::checkin(NodeId node) const {
  return json{{"config_version", config_version_},
              {"commands_seq", last_command(node)},
              {"renew_certificate", false},
              {"server_time", 0}}
      .dump();
}

std::string LinkControl::configs(NodeId node, const std::string& body, WallTime now) {
  const json asked = json::parse(body);
  json list = json::array();
  for (const Bundle& bundle : bundles_) {
    if (bundle.version <= asked.value("have_trust_bundle", std::uint64_t{1})) continue;
    list.push_back(
        {{"type", "trust_bundle"}, {"version", bundle.version}, {"envelope", bundle.envelope}});
  }
  if (asked.value("refresh", false) || asked["have"] != config_version_) {
    snapshot::NodeConfig config;
    config.version = config_version_;
    config.issued_at = to_unix(now);
    config.node = node;
    config.cluster = pki_.cluster;
    config.node_name = "node";
    config.trust_bundle_pem = trusted_pem_;
    list.push_back({{"type", "node_config"},
                    {"version", config_version_},
                    {"envelope", crypto::seal_envelope(config_key_, "c1", snapshot::kNodeConfigType,
                                                       as_bytes(snapshot::to_json(config)))}});
  }
  return json{{"configs", std::move(list)}}.dump();
}

std::string LinkControl::commands(NodeId node, const std::string& query) const {
  std::uint64_t since = 0;
  const std::string_view text = std::string_view(query).substr(query.find('=') + 1);
  std::from_chars(text.data(), text.data() + text.size(), since);
  json list = json::array();
  if (const auto it = commands_.find(node); it != commands_.end()) {
    for (const Command& c : it->second) {
      if (c.seq <= since || list.size() == kMaxCommands) continue;
      list.push_back({{"seq", c.seq},
                      {"id", c.id},
                      {"type", kCommand.name},
                      {"payload", {{std::string(kCommand.argument), c.id}}}});
    }
  }
  return json{{"commands", std::move(list)}}.dump();
}

void LinkControl::finish(NodeId node, const std::string& path) {
  const auto of = commands_.find(node);
  if (of == commands_.end()) return;
  for (Command& c : of->second) {
    const auto call = wire::NodeApiCall::finish_command;
    if (path == path_of(call, {node.str(), c.id})) c.finished = true;
  }
}

std::string LinkControl::deltas(const std::string& body) const {
  const json asked = json::parse(body);
  snapshot::SecurityChanges changes;
  bool more = false;
  if (const auto since = asked.find("epochs_since"); since != asked.end()) {
    for (const auto& [user, row] : epochs_) {
      if (row.seq > since->get<std::uint64_t>()) changes.epochs.push_back(row);
    }
    cut(changes.epochs, more);
  }
  if (const auto since = asked.find("blocklist_since"); since != asked.end()) {
    for (const auto& [value, row] : blocklist_) {
      if (row.seq > since->get<std::uint64_t>()) changes.blocklist.push_back(row);
    }
    cut(changes.blocklist, more);
  }
  json answer = snapshot::to_json(changes);
  answer.update(asked);  // the cursors
  answer["restart"] = json::array();
  answer["more"] = more;
  return answer.dump();
}

}  // namespace rap::sim
