#include "io/stream/asio_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "io/stream/asio_peer_address.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using crypto::TlsEngine;

namespace {

constexpr std::chrono::seconds kLinger{2};

}  // namespace

void StreamImpl::start_connect(const std::string& host, std::uint16_t port) {
  connector =
      Connector::start(loop,
                       {.host = host,
                        .port = port,
                        .limit = options.connect_timeout,
                        .asker = options.asker,
                        .may_dial = options.may_dial,
                        .proxy = options.proxy},
                       [weak = weak_from_this()](std::expected<tcp::socket, StreamError> made) {
                         const auto self = weak.lock();
                         if (!self || self->phase == Phase::dead) return;
                         self->connector.reset();
                         if (!made) return self->fail(made.error());
                         self->socket = std::move(*made);
                         self->connected();
                       });
}

void StreamImpl::connected() {
  boost::system::error_code ec;
  socket.non_blocking(true, ec);
  socket.set_option(tcp::no_delay(true), ec);
  socket.set_option(asio::socket_base::keep_alive(true), ec);
  for (const auto& [option, value] :
       {std::pair{TCP_KEEPIDLE, kKeepaliveIdle}, std::pair{TCP_KEEPINTVL, kKeepaliveInterval},
        std::pair{TCP_KEEPCNT, kKeepaliveProbes}}) {
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  }
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &options.notsent_lowat,
               sizeof options.notsent_lowat);
  auto remote = socket.remote_endpoint(ec);
  if (!ec) ip = peer_address(remote.address());
  if (!options.tls) return opened();
  phase = Phase::handshaking;
  arm(options.handshake_timeout, "the TLS handshake took too long");
  // A client speaks first; until it does, the other side holds no TLS state for it.
  if (options.tls->role() == crypto::TlsRole::server) return wait_read();
  start_tls();
  advance_handshake();
}

void StreamImpl::start_tls() {
  if (!engine) engine = std::make_unique<TlsEngine>(options.tls, stream_scratch().out);
}

void StreamImpl::arm(std::chrono::milliseconds limit, const char* what) {
  deadline.after(limit, [this, what] { fail({StreamError::Kind::timeout, what, {}}); });
}

void StreamImpl::advance_handshake() {
  auto self = shared_from_this();
  const auto status = engine->handshake();
  send_engine_output();
  if (phase == Phase::dead) return;
  switch (status) {
    case TlsEngine::Status::ok: return opened();
    case TlsEngine::Status::want_input: return wait_read();
    case TlsEngine::Status::closed:
    case TlsEngine::Status::failed:
      return fail({StreamError::Kind::tls, handshake_failure(), engine->certificate_fault()});
  }
}

// The certificate of a host behind a proxy may be the proxy's own.
std::string StreamImpl::handshake_failure() const {
  const bool through_proxy = options.proxy && *options.proxy;
  if (!through_proxy || !engine->certificate_fault()) return engine->failure();
  return engine->failure() + "; the proxy " + (**options.proxy).str() +
         " may be inspecting TLS: have it exempt this host";
}

void StreamImpl::opened() {
  auto self = shared_from_this();
  deadline.cancel();
  phase = Phase::open;
  handler->on_open();
  if (phase == Phase::dead) return;
  // Data may have come with the last flight of the handshake.
  if (engine && !paused && !deliver_tls()) return;
  wait_read();
  request_flush();
}

// Closing a socket with unread input resets it, and the peer may lose our last words.
void StreamImpl::linger() {
  if (lingering) return;
  lingering = true;
  paused = false;
  boost::system::error_code ec;
  socket.shutdown(tcp::socket::shutdown_send, ec);
  deadline.after(kLinger, [this] { fail({StreamError::Kind::none, "closed", {}}); });
  wait_read();
}

void StreamImpl::discard() {
  const ssize_t n = ::recv(socket.native_handle(), stream_scratch().cipher.data(),
                           stream_scratch().cipher.size(), 0);
  if (n > 0 || (n < 0 && errno == EAGAIN)) return wait_read();
  fail({StreamError::Kind::none, "closed", {}});
}

bool StreamImpl::all_sent() { return out_at == out.size() && next_bytes().empty(); }

void StreamImpl::maybe_done() {
  if (!all_sent()) return;
  if (closing) {
    if (engine && !lingering) {
      engine->close_notify();
      send_engine_output();
      if (phase == Phase::dead) return;
    }
    return linger();
  }
  if (!finishing || lingering) return;
  boost::system::error_code ec;
  socket.shutdown(tcp::socket::shutdown_send, ec);
  if (peer_finished) fail({StreamError::Kind::none, "closed", {}});
}

void StreamImpl::fail(const StreamError& error) {
  if (phase == Phase::dead) return;
  auto self = shared_from_this();
  StreamHandler* h = handler;
  using Kind = StreamError::Kind;
  kill(error.kind == Kind::timeout || error.kind == Kind::overflow || error.kind == Kind::flood);
  if (h != nullptr) h->on_close(error);
}

void StreamImpl::kill(bool reset) {
  phase = Phase::dead;
  handler = nullptr;
  deadline.cancel();
  if (connector) connector->cancel();
  connector.reset();
  boost::system::error_code ec;
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ec);
  socket.close(ec);
}

}  // namespace rap::io
