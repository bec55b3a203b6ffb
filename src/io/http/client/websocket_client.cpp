#include "io/http/client/websocket_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"
#include "io/http/websocket_handshake.hpp"

namespace rap::io {
namespace {

constexpr std::size_t kMaxUpgradeAnswer = 8 * 1024;

// The value of a header field in an HTTP head, or empty.
std::string_view field(std::string_view head, std::string_view lower_name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon == lower_name.size() &&
        std::equal(lower_name.begin(), lower_name.end(), line.begin(),
                   [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); })) {
      std::string_view value = line.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      return value;
    }
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 2);
  }
  return {};
}

}  // namespace

struct WebSocketClient::Impl final : StreamHandler, Output {
  Impl(EventLoop& loop, WebSocketClientOptions o, Output& s, RandomSource& r, WebSocketHandler& h)
      : options(std::move(o)), source(s), rng(r), handler(h), liveness(loop) {}

  WebSocketClientOptions options;
  Output& source;
  RandomSource& rng;
  WebSocketHandler& handler;
  std::unique_ptr<Stream> stream;
  wire::WebSocketDecoder decoder{wire::WebSocketRole::client};
  std::string key;
  bool upgraded = false;
  bool closing = false;
  Bytes message;  // room for the largest message and its header, once something was sent
  std::size_t message_size = 0;
  std::size_t sent = 0;
  Bytes control;  // control frames that wait for the current message to end
  std::array<wire::WebSocketMask, 256> masks{};  // drawn together: the generator has a fixed cost
  std::size_t next_unused_mask = masks.size();
  Timer liveness;
  bool heard = false;  // since the last look
  bool pinged = false;  // at the last look

  void on_open() override {
    key = to_base64(rng.bytes(16));
    const std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ":" +
                                std::to_string(options.port) +
                                "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key +
                                "\r\nSec-WebSocket-Protocol: " + options.subprotocol + "\r\n\r\n";
    stream->write(as_bytes(request));
    liveness.after(options.ping_after, [this] { look(); });
  }

  void look() {
    if (!stream) return;
    if (pinged && !heard) return fail(StreamError::Kind::timeout, "the entry node fell silent");
    pinged = !std::exchange(heard, false);
    if (pinged && upgraded) {
      append_control(wire::WebSocketOpcode::ping, {});
      stream->flush();
    }
    liveness.after(options.ping_after, [this] { look(); });
  }

  void on_close(const StreamError& error) override { handler.on_close(error); }

  void fail(StreamError::Kind kind, std::string detail) {
    auto dead = std::move(stream);
    handler.on_close({kind, std::move(detail), {}});
  }

  std::size_t on_data(MutableBytes data) override {
    heard = true;
    std::size_t used = 0;
    if (!upgraded) {
      used = read_upgrade(as_text(data));
      if (!upgraded) return used;
    }
    while (stream) {
      std::size_t n = 0;
      wire::WebSocketMessage m;
      const auto result = decoder.next(data.subspan(used), n, m);
      used += n;
      if (result == wire::WebSocketDecoder::Result::need_more) {
        if (n == 0) break;
        continue;
      }
      if (result == wire::WebSocketDecoder::Result::failed) {
        fail(StreamError::Kind::reset, "the entry node broke the WebSocket protocol");
        break;
      }
      if (!on_frame(m)) break;
    }
    return used;
  }

  std::size_t read_upgrade(std::string_view text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) {
      if (text.size() > kMaxUpgradeAnswer) {
        fail(StreamError::Kind::reset, "the entry node did not answer the upgrade");
      }
      return 0;
    }
    const std::string_view head = text.substr(0, end);
    if (!head.starts_with("HTTP/1.1 101 ") ||
        field(head, "sec-websocket-accept") != websocket_accept(key)) {
      fail(StreamError::Kind::reset,
           "the entry node refused the upgrade: " + std::string(head.substr(0, head.find("\r\n"))));
      return text.size();
    }
    upgraded = true;
    stream->set_output(this);
    handler.on_open();
    if (stream) stream->flush();
    return end + 4;
  }

  bool on_frame(const wire::WebSocketMessage& m) {
    switch (m.opcode) {
      case wire::WebSocketOpcode::binary:
        if (handler.on_message(m.payload)) return stream != nullptr;
        close(wire::WebSocketClose::protocol_error);
        return false;
      case wire::WebSocketOpcode::ping:
        if (control.size() < wire::kMaxWebSocketMessage) {
          append_control(wire::WebSocketOpcode::pong, m.payload);
        }
        stream->flush();
        return true;
      case wire::WebSocketOpcode::pong: return true;
      case wire::WebSocketOpcode::close:
        if (!closing) close(wire::WebSocketClose::normal);
        return true;
      default: close(wire::WebSocketClose::unsupported_data); return false;
    }
  }

  wire::WebSocketMask next_mask() {
    if (next_unused_mask == masks.size()) {
      rng.fill({masks.front().data(), sizeof masks});
      next_unused_mask = 0;
    }
    return masks[next_unused_mask++];
  }

  // Writes a masked frame, which `to` has room for; returns its size.
  std::size_t write_frame(std::uint8_t* to, wire::WebSocketOpcode opcode, ByteView payload) {
    const wire::WebSocketMask mask = next_mask();
    const std::size_t header = wire::encode_websocket_header(to, opcode, payload.size(), mask);
    wire::copy_websocket_masked(payload, to + header, mask);
    return header + payload.size();
  }

  void append_control(wire::WebSocketOpcode opcode, ByteView payload) {
    const std::size_t at = control.size();
    control.resize(at + wire::kMaxWebSocketHeader + payload.size());
    control.resize(at + write_frame(control.data() + at, opcode, payload));
  }

  void close(wire::WebSocketClose code) {
    closing = true;
    if (upgraded) append_control(wire::WebSocketOpcode::close, wire::encode_websocket_close(code));
    if (stream) stream->close_after_write();
  }

  ByteView peek() override {
    if (sent == message_size) {
      sent = message_size = 0;
      if (!control.empty()) {
        message.assign(control.begin(), control.end());
        message_size = control.size();
        control.clear();
      } else if (!closing) {
        const ByteView all = source.peek();
        const ByteView run = all.first(std::min(all.size(), wire::kMaxWebSocketMessage));
        if (!run.empty()) {
          message.resize(wire::kMaxWebSocketHeader + wire::kMaxWebSocketMessage);
          message_size = write_frame(message.data(), wire::WebSocketOpcode::binary, run);
          source.consume(run.size());
        }
      }
    }
    return ByteView(message).first(message_size).subspan(sent);
  }

  void consume(std::size_t n) override { sent += n; }
};

WebSocketClient::WebSocketClient(EventLoop& loop, WebSocketClientOptions options, Output& source,
                                 RandomSource& rng, WebSocketHandler& handler)
    : impl_(std::make_unique<Impl>(loop, std::move(options), source, rng, handler)) {
  impl_->stream = Stream::connect(loop, impl_->options.host, impl_->options.port,
                                  impl_->options.stream, *impl_);
}

WebSocketClient::~WebSocketClient() = default;

void WebSocketClient::flush() {
  if (impl_->upgraded && impl_->stream) impl_->stream->flush();
}
Bytes WebSocketClient::export_key(std::string_view label) const {
  return impl_->stream ? impl_->stream->export_key(label) : Bytes{};
}
void WebSocketClient::close() {
  if (!impl_->closing) impl_->close(wire::WebSocketClose::normal);
}

}  // namespace rap::io
