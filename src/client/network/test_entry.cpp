#include "client/network/test_entry.hpp"

#include <algorithm>
#include <array>

#include "crypto/tokens/device_proof.hpp"
#include "io/http/http_codec.hpp"
#include "io/http/websocket_handshake.hpp"
#include "io/system/system.hpp"
#include "node/flow/window.hpp"
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

Attachment TestPlatform::attachment(std::vector<Candidate> candidates) const {
  Attachment a;
  a.session_id = "s-1";
  a.organization = "acme";
  a.resource = "office";
  a.protocol = "tcp";
  a.token_expires_at = to_unix(io::wall_now()) + 60;
  a.classes.add(wire::TrafficClass::input);
  a.candidates = std::move(candidates);
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
  // What sealed flows have for the client.
  void flush() {
    while (stream_ && !down_.empty()) {
      const ByteView run = down_.peek();
      send_message(run);
      down_.consume(run.size());
    }
  }
  void end_flows(FlowReason reason) {
    for (const auto& [label, flow] : std::exchange(flows_, {})) {
      send_reason(FrameType::reset, label, reason);
      --entry_.open_flows;
    }
  }

 private:
  struct Flow {
    Bytes waiting;  // to be echoed
    std::uint32_t window = flow::kInitialWindow;
    bool peer_finished = false;
    bool finished = false;
  };

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
    if (header.type == FrameType::flow_request) return request(header.label, payload);
    if (header.type == FrameType::sealed_request || header.type == FrameType::flow_resume) {
      return sealed(header, payload);
    }
    if (const auto path = paths_.find(header.label); path != paths_.end()) {
      const auto [egress, at] = path->second;
      if (header.type == FrameType::flow_close || header.type == FrameType::reset) {
        paths_.erase(path);
      }
      egress->receive(at, header.type, payload);
      return flush();
    }
    const auto it = flows_.find(header.label);
    if (it == flows_.end()) return;
    Flow& flow = it->second;
    switch (header.type) {
      case FrameType::data:
        send_credit(header.label, static_cast<std::uint32_t>(payload.size()));
        if (entry_.manner == Manner::greets) {
          entry_.kept += as_text(payload);
        } else {
          flow.waiting.insert(flow.waiting.end(), payload.begin(), payload.end());
        }
        break;
      case FrameType::credit: flow.window += wire::decode_credit(payload).value(); break;
      case FrameType::fin: flow.peer_finished = true; break;
      case FrameType::reset:
        entry_.resets.push_back(wire::decode_reason(payload).value());
        return forget(header.label);
      default: return;
    }
    pump(header.label, flow);
  }

  // The entry judges nothing but the proof.
  void sealed(const wire::FrameHeader& header, ByteView payload) {
    NodeId where;
    ByteView first;
    if (header.type == FrameType::flow_resume) {
      const auto resume = wire::FlowResume::decode(payload).value();
      where = resume.egress;
      first = resume.first_message;
      const TestSealedEgress* egress = entry_.egress_of(where);
      if (egress != nullptr &&
          !egress->is_proven(resume, entry_.node,
                             stream_->export_key(crypto::kResumeExporterLabel))) {
        return send_reason(FrameType::flow_refuse, header.label, FlowReason::proof_invalid);
      }
    } else {
      const auto asked = wire::SealedFlowRequest::decode(payload).value();
      entry_.tokens.emplace_back(asked.token);
      where = asked.egress;
      first = asked.first_message;
      if (const auto reason =
              entry_.refusal ? entry_.refusal(entry_.tokens.back()) : std::nullopt) {
        return send_reason(FrameType::flow_refuse, header.label, *reason);
      }
    }
    TestSealedEgress* egress = entry_.egress_of(where);
    if (egress == nullptr) {
      return send_reason(FrameType::flow_refuse, header.label, FlowReason::no_route);
    }
    const auto answer = egress->ask(first, header.label, down_);
    if (!answer) return send_reason(FrameType::flow_refuse, header.label, answer.error());
    paths_.emplace(header.label, std::pair{egress, answer->path});
    send(FrameType::flow_accept, header.label, answer->second_message);
    flush();
  }

  void request(std::uint32_t label, ByteView token) {
    entry_.tokens.emplace_back(as_text(token));
    auto reason = entry_.refusal ? entry_.refusal(entry_.tokens.back()) : std::nullopt;
    if (flows_.size() >= entry_.flows_per_client) reason = FlowReason::limit_reached;
    if (reason) return send_reason(FrameType::flow_refuse, label, *reason);
    if (entry_.manner == Manner::nonsense) {
      const std::array<std::uint8_t, wire::kFrameHeader> junk{0xff, 0xff, 0xff, 0xff};
      return send_message(junk);
    }
    ++entry_.open_flows;
    send(FrameType::flow_accept, label, {});
    Flow& flow = flows_[label];
    if (entry_.manner == Manner::greets) {
      send(FrameType::data, label, as_bytes(kGreeting));
      send(FrameType::fin, label, {});
      flow.finished = true;
    }
  }

  void pump(std::uint32_t label, Flow& flow) {
    while (!flow.waiting.empty() && flow.window > 0) {
      const std::size_t n =
          std::min({flow.waiting.size(), wire::kMaxData, std::size_t{flow.window}});
      send(FrameType::data, label, ByteView(flow.waiting).first(n));
      flow.window -= static_cast<std::uint32_t>(n);
      flow.waiting.erase(flow.waiting.begin(),
                         flow.waiting.begin() + static_cast<std::ptrdiff_t>(n));
    }
    if (flow.peer_finished && flow.waiting.empty() && !std::exchange(flow.finished, true)) {
      send(FrameType::fin, label, {});
    }
    if (flow.peer_finished && flow.finished) forget(label);
  }

  void forget(std::uint32_t label) { entry_.open_flows -= flows_.erase(label); }

  void send_credit(std::uint32_t label, std::uint32_t amount) {
    send(FrameType::credit, label, wire::encode_credit(amount));
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
    entry_.open_flows -= flows_.size();
    flows_.clear();
    stream_.reset();
  }

  TestEntry& entry_;
  std::unique_ptr<io::Stream> stream_;
  io::HttpRequestParser parser_{{.header_bytes = 8 * 1024, .body_bytes = 0}};
  wire::WebSocketDecoder decoder_{wire::WebSocketRole::server};
  bool upgraded_ = false;
  std::map<std::uint32_t, Flow> flows_;
  flow::SendQueue down_;
  std::map<std::uint32_t, std::pair<TestSealedEgress*, TestSealedEgress::Path>> paths_;
};

TestEntry::TestEntry(io::EventLoop& loop, const crypto::TlsIdentity& identity)
    : listener_(loop, "127.0.0.1", 0,
                {.tls = crypto::TlsContext::make(crypto::TlsRole::server, identity,
                                                 crypto::AcceptAnyone{}, io::wall_now)},
                [this](std::unique_ptr<io::Stream> stream) {
                  clients_.push_back(std::make_unique<Client>(*this, std::move(stream)));
                }) {}

TestEntry::~TestEntry() = default;

void TestEntry::lead_to(TestSealedEgress& egress) {
  egresses_.push_back(&egress);
  egress.flushers.push_back([this] {
    for (const auto& client : clients_) client->flush();
  });
}

TestSealedEgress* TestEntry::egress_of(NodeId where) const {
  const auto at = std::ranges::find_if(
      egresses_, [&](const TestSealedEgress* one) { return one->node() == where; });
  return at == egresses_.end() ? nullptr : *at;
}

void TestEntry::hang_up() {
  for (const auto& client : clients_) client->hang_up();
}

void TestEntry::end_flows(FlowReason reason) {
  for (const auto& client : clients_) client->end_flows(reason);
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
