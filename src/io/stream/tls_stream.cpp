#include "io/stream/tls_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "io/stream/asio_peer_address.hpp"
#include "io/stream/asio_stream.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using crypto::TlsEngine;

std::string_view to_string(StreamError::Kind kind) {
  switch (kind) {
    case StreamError::Kind::none: return "closed";
    case StreamError::Kind::unreachable: return "unreachable";
    case StreamError::Kind::refused: return "refused";
    case StreamError::Kind::denied: return "denied";
    case StreamError::Kind::busy: return "busy";
    case StreamError::Kind::timeout: return "timeout";
    case StreamError::Kind::tls: return "tls";
    case StreamError::Kind::reset: return "reset";
    case StreamError::Kind::overflow: return "overflow";
    case StreamError::Kind::flood: return "flood";
  }
  return "";
}

namespace {

constexpr std::chrono::seconds kLinger{2};

}  // namespace

void Stream::Impl::start_connect(const std::string& host, std::uint16_t port) {
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

void Stream::Impl::connected() {
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

void Stream::Impl::start_tls() {
  if (!engine) engine = std::make_unique<TlsEngine>(options.tls, stream_scratch().out);
}

void Stream::Impl::arm(std::chrono::milliseconds limit, const char* what) {
  deadline.after(limit, [this, what] { fail({StreamError::Kind::timeout, what, {}}); });
}

void Stream::Impl::advance_handshake() {
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
std::string Stream::Impl::handshake_failure() const {
  const bool through_proxy = options.proxy && *options.proxy;
  if (!through_proxy || !engine->certificate_fault()) return engine->failure();
  return engine->failure() + "; the proxy " + (**options.proxy).str() +
         " may be inspecting TLS: have it exempt this host";
}

void Stream::Impl::opened() {
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
void Stream::Impl::linger() {
  if (lingering) return;
  lingering = true;
  paused = false;
  boost::system::error_code ec;
  socket.shutdown(tcp::socket::shutdown_send, ec);
  deadline.after(kLinger, [this] { fail({StreamError::Kind::none, "closed", {}}); });
  wait_read();
}

void Stream::Impl::discard() {
  const ssize_t n = ::recv(socket.native_handle(), stream_scratch().cipher.data(),
                           stream_scratch().cipher.size(), 0);
  if (n > 0 || (n < 0 && errno == EAGAIN)) return wait_read();
  fail({StreamError::Kind::none, "closed", {}});
}

bool Stream::Impl::all_sent() { return out_at == out.size() && next_bytes().empty(); }

void Stream::Impl::maybe_done() {
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

void Stream::Impl::fail(const StreamError& error) {
  if (phase == Phase::dead) return;
  auto self = shared_from_this();
  StreamHandler* h = handler;
  using Kind = StreamError::Kind;
  kill(error.kind == Kind::timeout || error.kind == Kind::overflow || error.kind == Kind::flood);
  if (h != nullptr) h->on_close(error);
}

void Stream::Impl::kill(bool reset) {
  phase = Phase::dead;
  handler = nullptr;
  deadline.cancel();
  if (connector) connector->cancel();
  connector.reset();
  boost::system::error_code ec;
  if (reset) socket.set_option(asio::socket_base::linger(true, 0), ec);
  socket.close(ec);
}

std::unique_ptr<Stream> Stream::connect(EventLoop& loop, const std::string& host,
                                        std::uint16_t port, StreamOptions options,
                                        StreamHandler& handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), handler);
  impl->start_connect(host, port);
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

std::unique_ptr<Stream> Stream::accept(EventLoop& loop, int fd, StreamOptions options,
                                       StreamHandler& handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), handler);
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  boost::system::error_code ec;
  impl->socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, ec);
  if (ec) ::close(fd);
  // The owner gets its pointer before the first callback.
  asio::post(loop.context(), [impl, ec] {
    if (impl->phase == Impl::Phase::dead) return;
    if (ec) return impl->fail({StreamError::Kind::reset, ec.message(), {}});
    impl->connected();
  });
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

Stream::~Stream() { impl_->kill(); }

void Stream::set_handler(StreamHandler& handler) {
  if (impl_->handler != nullptr) impl_->handler = &handler;
}

void Stream::write(ByteView data) { impl_->keep_for_later(data); }
void Stream::set_output(Output* output) { impl_->output = output; }
void Stream::flush() { impl_->request_flush(); }

void Stream::pause_reading() { impl_->paused = true; }
void Stream::resume_reading() {
  if (!impl_->paused) return;
  impl_->paused = false;
  if (impl_->phase != Impl::Phase::open) return;
  asio::post(impl_->loop.context(), [impl = impl_] { impl->redeliver(); });
}
void Stream::close_after_write() {
  impl_->closing = true;
  impl_->request_flush();
}
void Stream::finish_writing() {
  impl_->finishing = true;
  impl_->request_flush();
}
void Stream::abort() { impl_->kill(true); }
std::size_t Stream::unsent() const {
  return impl_->written.size() - impl_->written_at + impl_->out.size() - impl_->out_at;
}
std::string Stream::peer_ip() const { return impl_->ip; }
const std::optional<wire::SpiffeId>& Stream::peer() const {
  static const std::optional<wire::SpiffeId> kNone;
  return impl_->engine ? impl_->engine->peer() : kNone;
}
std::optional<crypto::Certificate> Stream::peer_certificate() const {
  return impl_->engine ? impl_->engine->peer_certificate() : std::nullopt;
}
std::vector<crypto::Certificate> Stream::peer_chain() const {
  return impl_->engine ? impl_->engine->peer_chain() : std::vector<crypto::Certificate>{};
}
std::expected<wire::SpiffeId, crypto::CertificateFault> Stream::verify_again(
    const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny, WallTime now) {
  if (!impl_->engine) return std::unexpected(crypto::CertificateFault::no_certificate);
  return impl_->engine->verify_again(roots, deny, now);
}
Bytes Stream::prove_again(const crypto::TlsIdentity& identity) {
  return impl_->engine ? impl_->engine->prove_again(identity) : Bytes{};
}
std::expected<wire::SpiffeId, crypto::CertificateFault> Stream::accept_proof(
    ByteView payload, const std::vector<crypto::Certificate>& roots, const crypto::DenyList* deny,
    WallTime now) {
  if (!impl_->engine) return std::unexpected(crypto::CertificateFault::no_certificate);
  return impl_->engine->accept_proof(payload, roots, deny, now);
}
std::optional<wire::Severity> Stream::denied_by(const crypto::DenyList& deny) const {
  return impl_->engine ? impl_->engine->denied_by(deny) : std::nullopt;
}
std::optional<WallTime> Stream::peer_not_after() const {
  const auto leaf = peer_certificate();
  return leaf ? std::optional(leaf->not_after()) : std::nullopt;
}

}  // namespace rap::io
