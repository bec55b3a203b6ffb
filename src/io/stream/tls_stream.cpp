#include "io/stream/tls_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "io/stream/asio_stream.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;

std::unique_ptr<Stream> Stream::connect(EventLoop& loop, const std::string& host,
                                        std::uint16_t port, StreamOptions options,
                                        StreamHandler& handler) {
  auto impl = std::make_shared<StreamImpl>(loop, std::move(options), handler);
  impl->start_connect(host, port);
  return std::unique_ptr<Stream>(new Stream(std::move(impl)));
}

std::unique_ptr<Stream> Stream::accept(EventLoop& loop, int fd, StreamOptions options,
                                       StreamHandler& handler) {
  auto impl = std::make_shared<StreamImpl>(loop, std::move(options), handler);
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  boost::system::error_code ec;
  impl->socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), fd, ec);
  if (ec) ::close(fd);
  // The owner gets its pointer before the first callback.
  asio::post(loop.context(), [impl, ec] {
    if (impl->phase == StreamImpl::Phase::dead) return;
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
  if (impl_->phase != StreamImpl::Phase::open) return;
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
Bytes Stream::export_key(std::string_view label) const {
  return impl_->engine ? impl_->engine->export_key(label) : Bytes{};
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
