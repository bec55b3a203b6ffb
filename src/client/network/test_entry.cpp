#include "client/network/test_entry.hpp"

#include <algorithm>
#include <array>

#include "crypto/tokens/device_proof.hpp"
#include "io/http/http_codec.hpp"
#include "io/http/websocket_handshake.hpp"
#include "io/system/system.hpp"
#include "wire/frames/data_plane_path.hpp"
#include "wire/frames/frame.hpp"
#include "wire/frames/websocket.hpp"

namespace rap::client {

using wire::FlowReason;
using wire::FrameType;

namespace {

constexpr std::chrono::hours kDay{24};

crypto::Validity around(WallTime now) { return {now - kDay, now + kDay}; }

}  // namespace

TestPlatform::TestPlatform()
    : cluster(ClusterId::random(rng)),
      node(NodeId::random(rng)),
      validity(around(io::wall_now())),
      root(crypto::make_root(cluster, validity, rng)),
      intermediate(crypto::make_intermediate(root, cluster, validity, rng)) {}

crypto::TlsIdentity TestPlatform::worker(const Worker& what) const {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  names.uris = {wire::SpiffeId{cluster, what.kind, what.node.value_or(node).bytes()}.str()};
  if (what.host == "127.0.0.1") {
    names.ips = {what.host};
  } else {
    names.dns = {what.host};
  }
  const auto leaf = crypto::issue_leaf(intermediate, key.public_key(), names, validity, rng,
                                       {.must_staple = true});
  crypto::TlsIdentity identity{{leaf, intermediate.certificate}, key, {}};
  if (what.stapled) {
    const auto request =
        crypto::parse_ocsp_request(crypto::make_ocsp_request(leaf, intermediate.certificate));
    const WallTime now = io::wall_now();
    identity.staple = crypto::sign_ocsp_response(
        intermediate,
        {{request.value().certificates[0], {crypto::OcspStatus::Kind::good, now}, now, now + kDay}},
        {}, now);
  }
  return identity;
}

crypto::TlsIdentity TestPlatform::of_public_authority(const std::string& host) const {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::p256);
  crypto::SubjectNames names;
  (host == "127.0.0.1" ? names.ips : names.dns) = {host};
  return {{crypto::issue_leaf(intermediate, key.public_key(), names, validity, rng),
           intermediate.certificate},
          key,
          {}};
}

Candidate TestPlatform::public_candidate(std::uint16_t port, const crypto::TlsIdentity& of) const {
  Candidate out = candidate(port);
  out.trust = TrustMode::public_ca;
  out.keys = {of.chain.front().key_hash()};
  return out;
}

Candidate TestPlatform::candidate(std::uint16_t port, const std::string& token) const {
  const std::string url =
      "wss://127.0.0.1:" + std::to_string(port) + std::string(wire::kDataPlanePath);
  return {wire::parse_url(url, "wss", 443).value(), token, cluster, node};
}

Attachment TestPlatform::attachment(std::vector<Candidate> candidates,
                                    std::vector<KnownEgress> egresses) const {
  Attachment a;
  a.session_id = "s-1";
  a.organization = "acme";
  a.resource = "office";
  a.protocol = "tcp";
  a.token_expires_at = to_unix(io::wall_now()) + 60;
  a.classes.add(wire::TrafficClass::input);
  a.candidates = std::move(candidates);
  auto terms = std::make_shared<SealingTerms>();
  terms->grant = "a grant";
  terms->egresses = std::move(egresses);
  a.resume = std::move(terms);
  return a;
}

Account TestPlatform::account(DenyListStore& deny_lists, std::uint16_t server_port) const {
  // The store is the test's: the pointer does not own it.
  return {.profile = {"", "a@b.test", "rapst_x", 0},
          .server = {"127.0.0.1", server_port},
          .roots_pem = roots_pem(),
          .deny_lists = std::shared_ptr<DenyListStore>(std::shared_ptr<void>(), &deny_lists),
          .device = nullptr};
}

// One connection: the upgrade, then frames in messages.
class TestEntry::Client final : public io::StreamHandler {
 public:
  Client(TestEntry& entry, std::unique_ptr<io::Stream> stream)
      : entry_(entry), stream_(std::move(stream)) {
    stream_->set_handler(*this);
  }

  void hang_up() {
    if (stream_) stream_->abort();
    over();
  }
  // What flows have for the client.
  void flush() {
    while (stream_ && !down_.empty()) {
      const ByteView run = down_.peek();
      send_message(run);
      down_.consume(run.size());
    }
  }

 private:
  void on_open() override {}
  void on_close(const io::StreamError&) override { over(); }

  std::size_t on_data(MutableBytes data) override {
    std::size_t used = upgraded_ ? 0 : upgrade(data);
    while (upgraded_ && stream_) {
      std::size_t n = 0;
      wire::WebSocketMessage message;
      const auto result = decoder_.next(data.subspan(used), n, message);
      used += n;
      if (result != wire::WebSocketDecoder::Result::message) break;
      if (message.opcode == wire::WebSocketOpcode::binary) frames(message.payload);
    }
    return used;
  }

  std::size_t upgrade(MutableBytes data) {
    const auto step = parser_.feed(data);
    if (step.state != io::HttpParseState::complete) return step.consumed;
    const auto answer = io::answer_websocket_upgrade(parser_.take(), wire::kDataPlanePath,
                                                     wire::kDataPlaneSubprotocol);
    std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Upgrade\r\n";
    for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
    stream_->write(as_bytes(head + "\r\n"));
    upgraded_ = answer.status == 101;
    if (upgraded_) ++entry_.clients;
    return step.consumed;
  }

  void frames(MutableBytes payload) {
    while (!payload.empty()) {
      const auto frame = wire::next_frame(payload).value().value();
      payload = payload.subspan(frame.whole.size());
      on_frame(frame.header, frame.payload);
    }
  }

  void on_frame(const wire::FrameHeader& header, MutableBytes payload) {
    if (header.type == FrameType::flow_request || header.type == FrameType::flow_resume) {
      return ask(header, payload);
    }
    const auto path = paths_.find(header.label);
    if (path == paths_.end()) return;
    const auto [egress, at] = path->second;
    if (header.type == FrameType::flow_close || header.type == FrameType::reset) {
      paths_.erase(path);
    }
    egress->receive(at, header.type, payload);
    flush();
  }

  // The entry judges nothing but the proof.
  void ask(const wire::FrameHeader& header, ByteView payload) {
    NodeId where;
    ByteView first;
    if (header.type == FrameType::flow_resume) {
      const auto resume = wire::FlowResume::decode(payload).value();
      where = resume.egress;
      first = resume.first_message;
      const TestEgress* egress = entry_.egress_of(where);
      if (egress != nullptr &&
          !egress->is_proven(resume, entry_.node,
                             stream_->export_key(crypto::kResumeExporterLabel))) {
        return send_reason(FrameType::flow_refuse, header.label, FlowReason::proof_invalid);
      }
    } else {
      const auto asked = wire::FlowRequest::decode(payload).value();
      entry_.tokens.emplace_back(asked.token);
      where = asked.egress;
      first = asked.first_message;
      auto reason = entry_.refusal ? entry_.refusal(entry_.tokens.back()) : std::nullopt;
      if (paths_.size() >= entry_.flows_per_client) reason = FlowReason::limit_reached;
      if (reason) return send_reason(FrameType::flow_refuse, header.label, *reason);
    }
    if (entry_.talks_nonsense) {
      const std::array<std::uint8_t, wire::kFrameHeader> junk{0xff, 0xff, 0xff, 0xff};
      return send_message(junk);
    }
    TestEgress* egress = entry_.egress_of(where);
    if (egress == nullptr) {
      return send_reason(FrameType::flow_refuse, header.label, FlowReason::no_route);
    }
    const auto answer = egress->ask(first, header.label, down_);
    if (!answer) return send_reason(FrameType::flow_refuse, header.label, answer.error());
    paths_.emplace(header.label, std::pair{egress, answer->path});
    send(FrameType::flow_accept, header.label, answer->second_message);
    flush();
  }

  void send_reason(FrameType type, std::uint32_t label, FlowReason reason) {
    send(type, label, wire::encode_reason(reason));
  }
  void send(FrameType type, std::uint32_t label, ByteView payload) {
    Bytes frame(wire::kFrameHeader + payload.size());
    wire::encode_header({.type = type,
                         .traffic_class = wire::TrafficClass::input,
                         .length = static_cast<std::uint16_t>(payload.size()),
                         .label = label},
                        frame.data());
    std::ranges::copy(payload, frame.begin() + wire::kFrameHeader);
    send_message(frame);
  }
  void send_message(ByteView payload) {
    if (!stream_) return;
    std::array<std::uint8_t, wire::kMaxWebSocketHeader> header{};
    const std::size_t n = wire::encode_websocket_header(
        header.data(), wire::WebSocketOpcode::binary, payload.size(), std::nullopt);
    stream_->write(ByteView(header).first(n));
    stream_->write(payload);
  }

  void over() {
    for (const auto& [label, path] : std::exchange(paths_, {})) path.first->lost(path.second);
    stream_.reset();
  }

  TestEntry& entry_;
  std::unique_ptr<io::Stream> stream_;
  io::HttpRequestParser parser_{{.header_bytes = 8 * 1024, .body_bytes = 0}};
  wire::WebSocketDecoder decoder_{wire::WebSocketRole::server};
  bool upgraded_ = false;
  flow::SendQueue down_;
  std::map<std::uint32_t, std::pair<TestEgress*, TestEgress::Path>> paths_;
};

TestEntry::TestEntry(io::EventLoop& loop, const crypto::TlsIdentity& identity)
    : listener_(loop, "127.0.0.1", 0,
                {.tls = crypto::TlsContext::make(crypto::TlsRole::server, identity,
                                                 crypto::AcceptAnyone{}, io::wall_now)},
                [this](std::unique_ptr<io::Stream> stream) {
                  clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
                }) {}

TestEntry::~TestEntry() = default;

void TestEntry::lead_to(TestEgress& egress) {
  egresses_.push_back(&egress);
  egress.flushers.push_back([this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    for (const auto& client : clients_) client->flush();
  });
}

TestEgress* TestEntry::egress_of(NodeId where) const {
  const auto at =
      std::ranges::find_if(egresses_, [&](const TestEgress* one) { return one->node() == where; });
  return at == egresses_.end() ? nullptr : *at;
}

void TestEntry::hang_up() {
  for (const auto& client : clients_) client->hang_up();
}

wire::HttpResponse NonceGiver::answer(const wire::HttpRequest& request) {
  const auto proof =
      crypto::verify_device_proof(request.header("device-proof"), {.cluster = cluster,
                                                                   .method = request.method,
                                                                   .target = request.path,
                                                                   .bearer = {},
                                                                   .body = {}});
  nonces.push_back(proof ? proof->nonce : "no proof");
  wire::HttpResponse response;
  response.status = nonces.size() == 1 ? 401 : 200;
  response.body = nonces.size() == 1 ? R"({"code":"device_proof_stale","nonce":"n"})" : "proven";
  return response;
}

}  // namespace rap::client
