// Many nodes at once for bench/control_plane.py: the control link of each as rap-node-agent keeps
// it, without the rest of the node.
//
//   nodes make CLUSTER INTERMEDIATE.crt INTERMEDIATE.key COUNT NODES.json NODES.sql
//        COUNT enrolled nodes in the egress role: their identities, and the SQL that tells the
//        control plane's database of them (what COUNT enrolments would have done, without waiting
//        for the limit on how quickly one address may enrol)
//   nodes run HOST PORT ROOT.pem CLUSTER NODES.json CHECKIN_S DELTA_S CONFIG.key
//        each node opens its stream of events, checks in every CHECKIN_S seconds, pulls deltas
//        every DELTA_S, and takes its configuration from its stream or, when a hint or a check-in
//        says so, pulls it; verifies it as the agent does, and acknowledges it. What thousands of
//        nodes check each on a host of its own, a signature of the same bytes by the same key, is
//        checked once for all of them here. Each verifies what came on its stream once nothing else
//        has to be read, since it has no processor of its own here: the time it takes is added to
//        when it came. Times are CLOCK_MONOTONIC in ns. Prints
//            open COUNT SECONDS              once, when every stream is open
//            apply VERSION TIME              for each configuration, when the node had it
//            ack VERSION TIME                for each acknowledgement, when it was answered
//        and, for each line of standard input,
//            report {"calls","failed","p50_ms","p99_ms","streams"}   since the last one
//        Ends with its standard input.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "control/pki/authority.hpp"
#include "crypto/x509/ca.hpp"
#include "io/http/client/event_client.hpp"
#include "io/system/file.hpp"
#include "io/system/system.hpp"
#include "node/agent/configuration/config_gate.hpp"
#include "wire/http/hints.hpp"
#include "wire/spiffe_id.hpp"

namespace {

using namespace rap;
using namespace std::chrono_literals;
using Json = nlohmann::json;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "nodes: %s\n", what.c_str());
  std::exit(1);
}

std::string read(const std::string& path) {
  auto text = io::read_file(path, std::size_t{64} * 1024 * 1024);
  if (!text) die(text.error());
  return *text;
}

ClusterId cluster_of(const std::string& text) {
  const auto cluster = ClusterId::parse(text);
  if (!cluster) die("not a cluster: " + text);
  return *cluster;
}

// --- make

int make(const std::vector<std::string>& a) {
  const ClusterId cluster = cluster_of(a[1]);
  auto certificate = crypto::Certificate::from_pem(read(a[2]));
  auto key = crypto::PrivateKey::from_pem(read(a[3]));
  if (!certificate || !key) die("the intermediate is unreadable");
  const crypto::Issuer issuer{*certificate, *key};
  io::SystemRandom rng;
  const WallTime now = io::wall_now();
  const crypto::Validity validity{now - 1h, now + 24h * 30};
  Json nodes = Json::array();
  std::ofstream sql(a[6]);
  sql << "BEGIN;\nSELECT set_config('rap.cluster_id', '" << cluster.str() << "', true);\n";
  const int count = std::stoi(a[4]);
  for (int i = 0; i < count; ++i) {
    const NodeId node = NodeId::random(rng);
    const auto own = crypto::PrivateKey::generate(crypto::KeyType::p256);
    crypto::SubjectNames names;
    names.uris = {wire::SpiffeId::of_node(cluster, node).str()};
    const auto leaf = crypto::issue_leaf(issuer, own.public_key(), names, validity, rng);
    nodes.push_back(
        {{"id", node.str()}, {"chain", leaf.pem() + issuer.certificate.pem()}, {"key", own.pem()}});
    std::array<std::uint8_t, 32> seal{};
    rng.fill(seal);
    sql << "INSERT INTO nodes (id, name, state, seal_key, fabric_advertise, created_at) VALUES ('"
        << node.str() << "', 'node-" << i << "', 'approved', decode('" << to_hex(seal)
        << "', 'hex'), '192.0.2.1:7443', " << to_unix(now) << ");\n"
        << "INSERT INTO node_roles VALUES ('" << node.str() << "', 'egress');\n"
        << "INSERT INTO node_certificates (node_id, serial, fingerprint, ca_ref, not_before,"
        << " not_after, status, issuer_sha256, key_sha256) SELECT '" << node.str() << "', '"
        << leaf.serial_hex() << "', '" << to_hex(leaf.fingerprint()) << "', ca_ref, "
        << to_unix(validity.not_before) << ", " << to_unix(validity.not_after) << ", 'active', '"
        << to_hex(leaf.issuer_hash()) << "', '" << to_hex(leaf.key_hash()) << "'"
        << " FROM trust WHERE cluster_id = rap_cluster();\n";
  }
  sql << "COMMIT;\n";
  std::ofstream(a[5]) << nodes.dump();
  return 0;
}

// --- run

struct Times {
  std::vector<double> ms;
  std::size_t failed = 0;
};

// Signatures that were found good, of messages as they are: the root of a tree in which there are
// configurations of many nodes.
class Checked {
 public:
  bool check(const crypto::PublicKey& key, ByteView message, ByteView signature) {
    Bytes both(message.begin(), message.end());
    both.insert(both.end(), signature.begin(), signature.end());
    if (good_.contains(both)) return true;
    if (!crypto::verify(key, message, signature)) return false;
    if (message.size() < kMaxRemembered) good_.insert(std::move(both));
    return true;
  }

 private:
  static constexpr std::size_t kMaxRemembered = 256;
  std::set<Bytes> good_;
};

// Does one thing at a time, and what has come for the nodes is read in between.
class Later {
 public:
  explicit Later(io::EventLoop& loop) : timer_(loop) {}

  void add(std::function<void()> what) {
    waiting_.push_back(std::move(what));
    if (waiting_.size() == 1) next();
  }

 private:
  void next() {
    timer_.after(Duration::zero(), [this] {
      waiting_.front()();
      waiting_.pop_front();
      if (!waiting_.empty()) next();
    });
  }

  io::Timer timer_;
  std::deque<std::function<void()>> waiting_;
};

class Node {
 public:
  Node(io::EventLoop& loop, Later& later, const io::HttpClientOptions& server, std::string id,
       Times& times, Duration checkin, Duration delta, agent::ConfigScope scope,
       std::function<void()> opened)
      : loop_(loop),
        later_(later),
        server_(server),
        id_(std::move(id)),
        times_(times),
        checkin_(checkin),
        delta_(delta),
        scope_(std::move(scope)),
        opened_(std::move(opened)),
        http_(loop, server),
        deltas_(loop, server),
        retry_(loop),
        checkin_timer_(loop),
        delta_timer_(loop),
        ack_timer_(loop) {}

  void open() {
    io::EventClientHandlers handlers;
    handlers.on_open = [this] {
      up_ = true;
      if (opened_) std::exchange(opened_, nullptr)();
    };
    handlers.on_event = [this](const wire::SseEvent& event) {
      if (event.type != wire::kConfigPending) return;
      later_.add([this, text = event.data, came = io::mono_now()] {
        if (text.empty() || pulling_ || !take(text, came)) pull();
      });
    };
    handlers.on_end = [this](const io::HttpClient::Result&) {
      up_ = false;
      ++times_.failed;
      retry_.after(1s, [this] { open(); });
    };
    events_ = std::make_unique<io::EventClient>(loop_, io::EventClientOptions{.server = server_},
                                                request("GET", "events"), std::move(handlers));
  }

  // Spread over the interval, as nodes are that came one after the other.
  void begin(double phase) {
    const auto part = [phase](Duration all) {
      return Duration(static_cast<std::int64_t>(phase * static_cast<double>(all.count())));
    };
    ack_phase_ = phase;
    checkin_timer_.after(part(checkin_), [this] { check_in(); });
    if (delta_ > Duration::zero()) delta_timer_.after(part(delta_), [this] { pull_deltas(); });
  }

  bool up() const { return up_; }

 private:
  wire::HttpRequest request(std::string method, const std::string& what, const Json& body = {}) {
    wire::HttpRequest r;
    r.method = std::move(method);
    r.path = "/cp/v2/nodes/" + id_ + "/" + what;
    if (!body.is_null()) r.body = body.dump();
    return r;
  }

  template <class Done>
  void call(io::HttpClient& http, const std::string& what, const Json& body, Done done) {
    http.send(request("POST", what, body),
              [this, began = io::mono_now(), done](const io::HttpClient::Result& result) {
                if (!result || result->status / 100 != 2) {
                  ++times_.failed;
                  return done(nullptr);
                }
                times_.ms.push_back(
                    std::chrono::duration<double, std::milli>(io::mono_now() - began).count());
                done(&*result);
              });
  }

  void check_in() {
    checkin_timer_.after(checkin_, [this] { check_in(); });
    const Json body = {{"versions", {{"agent", "1"}, {"fabric", "1"}, {"config_version", have()}}},
                       {"metrics", {{"channels", 4}, {"flows", 0}, {"uptime_s", 1000}}},
                       {"metadata", {{"hostname", "bench"}, {"os", "Debian 12"}}},
                       {"observations", Json::object()}};
    call(http_, "checkin", body, [this](const wire::HttpResponse* answer) {
      if (answer == nullptr) return;
      // Behind what was pushed before it was said, as on a host of its own.
      later_.add([this, text = answer->body] {
        const Json said = Json::parse(text, nullptr, false);
        if (said.is_object() && said.value("config_version", have()) > have()) pull();
      });
    });
  }

  void pull_deltas() {
    delta_timer_.after(delta_, [this] { pull_deltas(); });
    const Json body = {{"epochs_since", epochs_}, {"blocklist_since", blocklist_}};
    call(deltas_, "deltas/pull", body, [](const wire::HttpResponse*) {});
  }

  void pull() {
    if (std::exchange(pulling_, true)) {
      again_ = true;
      return;
    }
    Json ask = {{"have", have()}};
    if (current_) {
      ask["have_sha256"] = to_hex(current_->sha256);
      ask["have_issued_at"] = to_unix(current_->issued_at);
    }
    call(http_, "configs/pull", ask, [this](const wire::HttpResponse* answer) {
      pulling_ = false;
      if (answer != nullptr && !take(answer->body, io::mono_now()))
        die("a configuration was refused");
      if (answer == nullptr || std::exchange(again_, false)) {
        retry_.after(answer == nullptr ? Duration{200ms} : Duration::zero(), [this] { pull(); });
      }
    });
  }

  // False: it does not go on from what is here, or is not good.
  bool take(const std::string& text, MonoTime came) {
    const MonoTime began = io::mono_now();
    const Json said = Json::parse(text, nullptr, false);
    Json acks = Json::array();
    for (const Json& config : said.value("configs", Json::array())) {
      const auto version = config.value("version", std::uint64_t{0});
      if (config.value("type", "") != "node_config" || version <= have()) continue;
      if (!apply(config)) return false;
      acks.push_back({{"type", config["type"]}, {"version", version}});
    }
    if (acks.empty()) return true;
    say("apply", came + (io::mono_now() - began));
    const auto within = std::chrono::milliseconds(said.value("ack_within_ms", 0));
    ack_timer_.after(std::chrono::duration_cast<Duration>(within * ack_phase_), [this, acks] {
      call(http_, "configs/acks", {{"acks", acks}}, [this](const wire::HttpResponse* answer) {
        if (answer != nullptr) say("ack", io::mono_now());
      });
    });
    return true;
  }

  bool apply(const Json& config) {
    const auto now = io::wall_now();
    if (const auto increment = config.find("increment"); increment != config.end()) {
      if (!current_) return false;
      auto grown = agent::apply_increment(increment->get_ref<const std::string&>(), *current_,
                                          scope_, have(), now);
      if (grown) current_ = std::move(grown->config);
      return grown.has_value();
    }
    auto whole = agent::verify_config(config.value("envelope", ""), scope_, have(), now);
    if (whole) current_ = std::move(*whole);
    return whole.has_value();
  }

  std::uint64_t have() const { return current_ ? current_->version : 0; }

  void say(const char* what, MonoTime when) const {
    std::printf("%s %llu %lld\n", what, static_cast<unsigned long long>(have()),
                static_cast<long long>(when.time_since_epoch().count()));
  }

  io::EventLoop& loop_;
  Later& later_;
  const io::HttpClientOptions server_;
  const std::string id_;
  Times& times_;
  const Duration checkin_;
  const Duration delta_;
  const agent::ConfigScope scope_;
  std::function<void()> opened_;
  io::HttpClient http_;
  io::HttpClient deltas_;
  std::unique_ptr<io::EventClient> events_;
  io::Timer retry_;
  io::Timer checkin_timer_;
  io::Timer delta_timer_;
  io::Timer ack_timer_;
  double ack_phase_ = 0;  // of the time in which it is wanted
  std::optional<agent::VerifiedConfig> current_;
  std::uint64_t epochs_ = 0;
  std::uint64_t blocklist_ = 0;
  bool up_ = false;
  bool pulling_ = false;
  bool again_ = false;
};

class Fleet {
 public:
  explicit Fleet(const std::vector<std::string>& a) : input_(loop_), later_(loop_) {
    const ClusterId cluster = cluster_of(a[4]);
    const auto roots = crypto::Certificate::chain_from_pem(read(a[3]));
    if (!roots) die("the root is unreadable");
    const auto key = crypto::PrivateKey::from_pem(read(a[8]));
    if (!key) die("the key of configurations is unreadable");
    const auto config_key = control::make_signing_key("config", *key);
    const auto seconds = [](const std::string& text) {
      return Duration(static_cast<std::int64_t>(std::stod(text) * 1e9));
    };
    for (const Json& node : Json::parse(read(a[5]))) {
      auto chain = crypto::Certificate::chain_from_pem(node["chain"].get<std::string>());
      auto own = crypto::PrivateKey::from_pem(node["key"].get<std::string>());
      if (!chain || !own) die("an identity is unreadable");
      io::HttpClientOptions server;
      server.host = a[1];
      server.port = static_cast<std::uint16_t>(std::stoi(a[2]));
      server.tls = crypto::TlsContext::make(
          crypto::TlsRole::client, crypto::TlsIdentity{*chain, *own},
          crypto::AcceptMember{*roots, cluster, wire::SpiffeId::Kind::control, a[1]}, io::wall_now);
      const auto id = node["id"].get<std::string>();
      nodes_.push_back(std::make_unique<Node>(
          loop_, later_, server, id, times_, seconds(a[6]), seconds(a[7]),
          agent::ConfigScope{.keys = {{config_key.kid, config_key.key.public_key()}},
                             .cluster = cluster,
                             .node = NodeId::parse(id).value_or(NodeId{}),
                             .roots = *roots,
                             .check =
                                 [this](const auto& by, ByteView message, ByteView signature) {
                                   return checked_.check(by, message, signature);
                                 }},
          [this] { opened(); }));
    }
  }

  void run() {
    started_ = io::mono_now();
    for (std::size_t i = 0; i < std::min(kAtOnce, nodes_.size()); ++i) nodes_[next_++]->open();
    ::fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    listen();
    loop_.run();
  }

 private:
  static constexpr std::size_t kAtOnce = 64;

  void opened() {
    if (next_ < nodes_.size()) nodes_[next_++]->open();
    if (++open_ < nodes_.size()) return;
    std::printf("open %zu %.3f\n", open_,
                std::chrono::duration<double>(io::mono_now() - started_).count());
    std::fflush(stdout);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      nodes_[i]->begin(static_cast<double>(i) / static_cast<double>(nodes_.size()));
    }
  }

  void listen() {
    std::array<char, 256> buffer{};
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n == 0) return loop_.stop();
    if (n > 0) report();
    std::fflush(stdout);
    input_.after(20ms, [this] { listen(); });
  }

  void report() {
    std::ranges::sort(times_.ms);
    const auto at = [this](double share) {
      if (times_.ms.empty()) return 0.0;
      return times_.ms[static_cast<std::size_t>(share * static_cast<double>(times_.ms.size() - 1))];
    };
    const auto up = std::ranges::count_if(nodes_, [](const auto& node) { return node->up(); });
    std::printf(
        "report {\"calls\":%zu,\"failed\":%zu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
        "\"streams\":%td}\n",
        times_.ms.size(), times_.failed, at(0.5), at(0.99), up);
    times_ = {};
  }

  io::EventLoop loop_;
  io::Timer input_;
  Later later_;
  Checked checked_;
  Times times_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::size_t next_ = 0;
  std::size_t open_ = 0;
  MonoTime started_;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  io::raise_descriptor_limit();
  const std::vector<std::string> a(argv + 1, argv + argc);
  if (a.size() == 7 && a[0] == "make") return make(a);
  if (a.size() == 9 && a[0] == "run") {
    Fleet(a).run();
    return 0;
  }
  die("see the top of bench/nodes.cpp for the arguments");
}
