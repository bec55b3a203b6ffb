#include "node/fabric/client_session.hpp"

#include <utility>

#include "crypto/tokens/resume_grant.hpp"
#include "io/http/websocket_handshake.hpp"
#include "io/system/system.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "wire/frames/data_plane_path.hpp"

namespace rap::fabric {

using wire::WebSocketClose;
using wire::WebSocketDecoder;
using wire::WebSocketOpcode;

ClientSession::ClientSession(io::EventLoop& loop, router::Router& router, ClientOwner& owner,
                             Log& log)
    : loop_(loop),
      router_(router),
      owner_(owner),
      log_(log),
      parser_({.header_bytes = kMaxUpgradeHeader, .body_bytes = 0}),
      last_active_(io::mono_now()),
      last_heard_(last_active_),
      last_ping_(last_active_) {}

ClientSession::~ClientSession() {
  stream_.reset();
  if (link_) router_.link_down(*link_, wire::FlowReason::peer_lost);
}

void ClientSession::accept(std::unique_ptr<io::Stream> stream) {
  stream_ = std::move(stream);
  stream_->set_handler(*this);
}

void ClientSession::cut() {
  stream_->abort();
  over();
}

void ClientSession::flush() {
  if (stream_) stream_->flush();
}

void ClientSession::read_on() {
  if (!paused_) return;
  paused_ = false;
  stream_->resume_reading();
}

void ClientSession::expire(MonoTime now, Duration max_idle) {
  if (over_) return;
  if (closing_) {
    if (now - last_active_ > kCloseTimeout) over();
  } else if (link_) {
    const auto* link = router_.board().find(*link_);
    if (link != nullptr && link->flows.size() > 0) {
      last_active_ = now;
      keep_alive(now);
    } else if (now - last_active_ > max_idle) {
      close(WebSocketClose::going_away);
    }
  } else if (now - last_active_ > kUpgradeTimeout) {
    over();
  }
}

void ClientSession::keep_alive(MonoTime now) {
  const Duration silence = now - last_heard_;
  if (silence > (paused_ ? kPauseLimit : kSilenceLimit)) {
    log_.info(LogCause::stranger(policy::source_network(stream_->peer_ip())), "client.silent",
              {{"peer_ip", stream_->peer_ip()}});
    return over();
  }
  if (silence < kPingAfter || now - last_ping_ < kPingAfter) return;
  last_ping_ = now;
  router_.queue(*link_).append_control(WebSocketOpcode::ping, {});
  stream_->flush();
}

void ClientSession::on_open() {}

void ClientSession::on_close(const io::StreamError&) { over(); }

std::size_t ClientSession::on_data(MutableBytes data) {
  const std::size_t used = take(data);
  if (!over_) count_bytes(upgrade_bytes_ + decoder_.held_bytes() + data.size() - used);
  return used;
}

// What a stranger leaves unfinished is counted; the proven have budgets of their own
// (docs/decisions/byte-budgets.md).
void ClientSession::count_bytes(std::size_t bytes) {
  if (proven_) bytes = 0;
  if (std::exchange(counted_bytes_, bytes) != bytes) owner_.client_holds(*this, bytes);
}

std::size_t ClientSession::take(MutableBytes data) {
  last_heard_ = io::mono_now();
  if (paused_) return 0;
  std::size_t used = 0;
  if (!link_ && !closing_) used = upgrade(data);
  if (!link_) return used;
  while (!over_ && !closing_) {
    std::size_t n = 0;
    wire::WebSocketMessage message;
    const auto result = decoder_.next(data.subspan(used), n, message);
    used += n;
    if (result == WebSocketDecoder::Result::need_more) {
      if (n == 0) return used;
    } else if (result == WebSocketDecoder::Result::failed) {
      const bool empty = decoder_.close_code() == WebSocketClose::policy_violation;
      close_for(empty ? ClientFault::idle_messages : ClientFault::protocol, decoder_.close_code());
    } else if (!on_message(message)) {
      close_for(ClientFault::protocol, WebSocketClose::protocol_error);
    } else if (!router_.board().may_read(*link_)) {
      paused_ = true;
      stream_->pause_reading();
      return used;
    }
  }
  return data.size();
}

std::size_t ClientSession::upgrade(MutableBytes data) {
  const auto step = parser_.feed(data);
  if (step.state == io::HttpParseState::incomplete) {
    upgrade_bytes_ += step.consumed;
    return step.consumed;
  }
  upgrade_bytes_ = 0;
  wire::HttpResponse answer;
  if (step.state == io::HttpParseState::complete) {
    answer = io::answer_websocket_upgrade(parser_.take(), wire::kDataPlanePath,
                                          wire::kDataPlaneSubprotocol);
  } else {
    answer.status = parser_.fault() == io::HttpFault::header_too_large ? 431
                    : parser_.fault() == io::HttpFault::malformed      ? 400
                                                                       : 413;
  }
  const bool upgraded = answer.status == 101;
  // format_response would take "connection" away: it is the upgrade itself here.
  if (upgraded) {
    std::string head = "HTTP/1.1 101 Switching Protocols\r\n";
    for (const auto& [name, value] : answer.headers) head += name + ": " + value + "\r\n";
    stream_->write(as_bytes(head + "\r\n"));
  } else {
    const auto text = io::format_response(answer, {.keep_alive = false, .date = io::wall_now()});
    stream_->write(as_bytes(text.value_or("HTTP/1.1 400 Bad Request\r\n\r\n")));
  }
  if (upgraded) {
    link_ = router_.client_up(policy::IpAddress::parse(stream_->peer_ip()),
                              stream_->export_key(crypto::kResumeExporterLabel));
  }
  if (!link_) {
    closing_ = true;
    stream_->close_after_write();
    return data.size();
  }
  output_.emplace(router_.queue(*link_));
  stream_->set_output(&*output_);
  last_active_ = io::mono_now();
  owner_.client_upgraded(*this);
  return step.consumed;
}

bool ClientSession::on_message(const wire::WebSocketMessage& message) {
  const bool carries_data = message.opcode == WebSocketOpcode::binary && !message.payload.empty();
  if (!carries_data && message.opcode != WebSocketOpcode::close &&
      idle_messages_.take(kIdleMessages, io::mono_now())) {
    close_for(ClientFault::idle_messages, WebSocketClose::policy_violation);
    return true;
  }
  switch (message.opcode) {
    case WebSocketOpcode::binary: return on_frames(message.payload);
    case WebSocketOpcode::ping:
      // One pong answers all pings that came meanwhile (RFC 6455 §5.5.3).
      if (router_.queue(*link_).queued_bytes(wire::TrafficClass::fabric_control) == 0) {
        router_.queue(*link_).append_control(WebSocketOpcode::pong, message.payload);
        stream_->flush();
      }
      return true;
    case WebSocketOpcode::pong: return true;
    case WebSocketOpcode::close: close(WebSocketClose::normal); return true;
    case WebSocketOpcode::text:
      close_for(ClientFault::protocol, WebSocketClose::unsupported_data);
      return true;
    case WebSocketOpcode::continuation: return false;
  }
  return false;
}

bool ClientSession::on_frames(MutableBytes payload) {
  const MonoTime now = io::mono_now();
  const WallTime wall = io::wall_now();
  while (!payload.empty()) {
    const auto frame = wire::next_frame(payload);
    if (!frame || !*frame) {
      log_.info(LogCause::stranger(policy::source_network(stream_->peer_ip())), "client.bad_frame",
                {{"peer_ip", stream_->peer_ip()},
                 {"error", frame ? "truncated" : wire::to_string(frame.error())}});
      return false;
    }
    if (!router_.on_frame(*link_, **frame, now, wall)) {
      const auto* link = router_.board().find(*link_);
      if (link != nullptr && link->floods) {
        close_for(ClientFault::idle_frames, WebSocketClose::policy_violation);
      }
      return false;
    }
    if (!proven_) notice_proof();
    payload = payload.subspan((*frame)->whole.size());
  }
  return true;
}

void ClientSession::notice_proof() {
  const auto* link = router_.board().find(*link_);
  if (link == nullptr || !link->user) return;
  proven_ = true;
  owner_.client_proven(*this, *link->user);
}

void ClientSession::close_for(ClientFault fault, WebSocketClose code) {
  if (closing_) return;
  owner_.client_at_fault(*this, fault);
  close(code);
}

void ClientSession::close(WebSocketClose code) {
  if (closing_) return;
  closing_ = true;
  last_active_ = io::mono_now();
  router_.queue(*link_).append_control(WebSocketOpcode::close, wire::encode_websocket_close(code));
  stream_->close_after_write();
}

void ClientSession::over() {
  if (over_) return;
  over_ = true;
  owner_.client_over(*this);
}

}  // namespace rap::fabric
