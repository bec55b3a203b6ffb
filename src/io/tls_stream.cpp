#include "io/tls_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "crypto/tls_engine.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using crypto::TlsEngine;

std::string_view to_string(StreamError::Kind kind) {
  switch (kind) {
    case StreamError::Kind::none: return "closed";
    case StreamError::Kind::unreachable: return "unreachable";
    case StreamError::Kind::refused: return "refused";
    case StreamError::Kind::timeout: return "timeout";
    case StreamError::Kind::tls: return "tls";
    case StreamError::Kind::reset: return "reset";
    case StreamError::Kind::overflow: return "overflow";
  }
  return "";
}

namespace {

// How often one wake-up reads before other streams get their turn.
constexpr int kReadsPerTurn = 4;
constexpr std::chrono::seconds kLinger{2};

constexpr std::size_t kSpareBuffers = 32;
constexpr std::size_t kSpareBufferBytes = 512 * 1024;

// Memory every stream of the thread passes its bytes through.
struct Scratch {
  Bytes cipher = Bytes(kStreamReadBatch);
  Bytes plain = Bytes(kStreamReadBatch + 2 * kStreamMaxUnconsumed);
  Bytes out;
  std::vector<Bytes> spare;  // buffers of streams that caught up, for the next that lags

  Bytes take_spare() {
    if (spare.empty()) return {};
    Bytes b = std::move(spare.back());
    spare.pop_back();
    return b;
  }
  void give_back(Bytes&& b) {
    b.clear();
    if (spare.size() < kSpareBuffers && b.capacity() <= kSpareBufferBytes) {
      spare.push_back(std::move(b));
    }
  }
};
Scratch& scratch() {
  static thread_local Scratch s;
  return s;
}

StreamError::Kind kind_of(const boost::system::error_code& ec) {
  if (ec == asio::error::connection_refused) return StreamError::Kind::refused;
  return StreamError::Kind::unreachable;
}

}  // namespace

struct Stream::Impl : std::enable_shared_from_this<Stream::Impl> {
  enum class Phase : std::uint8_t { connecting, handshaking, open, dead };

  Impl(EventLoop& l, StreamOptions o, StreamHandler& h)
      : loop(l), options(std::move(o)), handler(&h), socket(l.context()), resolver(l.context()),
        deadline(l) {}

  EventLoop& loop;
  StreamOptions options;
  StreamHandler* handler;  // null once no callback may follow
  tcp::socket socket;
  tcp::resolver resolver;
  Timer deadline;
  Phase phase = Phase::connecting;
  std::unique_ptr<TlsEngine> engine;
  std::string ip;

  Bytes tail;          // plaintext the handler left
  Bytes out;           // ciphertext (or plain bytes) the kernel has not taken
  std::size_t out_at = 0;
  Bytes written;       // bytes of write() not yet encrypted
  std::size_t written_at = 0;
  Output* output = nullptr;
  bool flush_posted = false;
  bool waiting_write = false;
  bool waiting_read = false;
  bool paused = false;
  bool closing = false;       // close_after_write
  bool lingering = false;     // all is sent: wait for the peer's FIN, drop what still comes
  bool finishing = false;     // finish_writing
  bool peer_finished = false;

  // --- opening -------------------------------------------------------------------------------

  void start_connect(const std::string& host, std::uint16_t port) {
    arm(options.connect_timeout, "connecting took too long");
    resolver.async_resolve(
        host, std::to_string(port),
        [self = shared_from_this()](const boost::system::error_code& ec, const auto& found) {
          if (self->phase == Phase::dead) return;
          if (ec) return self->fail({StreamError::Kind::unreachable, ec.message(), {}});
          asio::async_connect(
              self->socket, found,
              [self](const boost::system::error_code& e, const tcp::endpoint&) {
                if (self->phase == Phase::dead) return;
                if (e) return self->fail({kind_of(e), e.message(), {}});
                self->connected();
              });
        });
  }

  void connected() {
    boost::system::error_code ec;
    socket.non_blocking(true, ec);
    socket.set_option(tcp::no_delay(true), ec);
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &options.notsent_lowat,
                 sizeof options.notsent_lowat);
    auto remote = socket.remote_endpoint(ec);
    if (!ec) ip = remote.address().to_string();
    if (!options.tls) return opened();
    phase = Phase::handshaking;
    engine = std::make_unique<TlsEngine>(options.tls, scratch_out());
    arm(options.handshake_timeout, "the TLS handshake took too long");
    advance_handshake();
  }

  void arm(std::chrono::milliseconds limit, const char* what) {
    deadline.after(limit, [this, what] { fail({StreamError::Kind::timeout, what, {}}); });
  }

  // The engine appends to one buffer per thread; take_output() moves it into this stream's.
  static Bytes& scratch_out() { return scratch().out; }

  void advance_handshake() {
    auto self = shared_from_this();
    const auto status = engine->handshake();
    send_engine_output();
    if (phase == Phase::dead) return;
    switch (status) {
      case TlsEngine::Status::ok: return opened();
      case TlsEngine::Status::want_input: return wait_read();
      case TlsEngine::Status::closed:
      case TlsEngine::Status::failed:
        return fail({StreamError::Kind::tls, engine->failure(), engine->certificate_fault()});
    }
  }

  void opened() {
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

  // --- reading -------------------------------------------------------------------------------

  void wait_read() {
    if (waiting_read || paused || peer_finished || phase == Phase::dead) return;
    waiting_read = true;
    socket.async_wait(tcp::socket::wait_read,
                      [self = shared_from_this()](const boost::system::error_code& ec) {
                        self->waiting_read = false;
                        if (!ec && self->phase != Phase::dead) self->readable();
                      });
  }

  void readable() {
    auto self = shared_from_this();
    if (lingering) return discard();
    for (int i = 0; i < kReadsPerTurn && !paused && phase != Phase::dead; ++i) {
      std::size_t n = 0;
      const bool more = engine ? read_tls(n) : read_plain(n);
      if (phase == Phase::dead) return;
      if (!more) break;
    }
    wait_read();
  }

  // One recv(2). n < 0 ends the stream; false: nothing more to read now.
  bool receive(MutableBytes into, std::size_t& n) {
    for (;;) {
      const ssize_t got = ::recv(socket.native_handle(), into.data(), into.size(), 0);
      if (got > 0) {
        n = static_cast<std::size_t>(got);
        return true;
      }
      if (got == 0) {
        end_of_input();
        return false;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        fail({StreamError::Kind::reset, std::strerror(errno), {}});
      }
      return false;
    }
  }

  void end_of_input() {
    if (phase == Phase::handshaking) {
      return fail({StreamError::Kind::tls, "the peer closed during the handshake", {}});
    }
    if (engine) return fail({StreamError::Kind::reset, "the connection ended without notice", {}});
    if (!options.half_close) return fail({StreamError::Kind::none, "closed by the peer", {}});
    peer_finished = true;
    handler->on_end();
    maybe_done();
  }

  bool read_plain(std::size_t& n) {
    Bytes& plain = scratch().plain;
    std::copy(tail.begin(), tail.end(), plain.begin());
    const std::size_t before = tail.size();
    if (!receive(MutableBytes(plain).subspan(before, kStreamReadBatch), n)) return false;
    return deliver(before + n) && n == kStreamReadBatch;
  }

  bool read_tls(std::size_t& n) {
    Bytes& cipher = scratch().cipher;
    if (!receive(cipher, n)) return false;
    engine->set_input(ByteView(cipher).first(n));
    if (phase == Phase::handshaking) {
      advance_handshake();
      return false;
    }
    return deliver_tls() && n == cipher.size();
  }

  // Decrypts all of the engine's input and hands it over. False when the stream ended.
  bool deliver_tls() {
    Bytes& plain = scratch().plain;
    for (;;) {
      std::copy(tail.begin(), tail.end(), plain.begin());
      std::size_t filled = tail.size();
      auto status = TlsEngine::Status::ok;
      while (status == TlsEngine::Status::ok && plain.size() - filled >= 16 * 1024) {
        std::size_t n = 0;
        status = engine->read(MutableBytes(plain).subspan(filled), n);
        if (status == TlsEngine::Status::ok) filled += n;
      }
      // Before anything else runs: the buffer is the thread's, and what reading produced (an alert,
      // a key update) belongs to this stream.
      send_engine_output();
      if (phase == Phase::dead) return false;
      if (filled > tail.size() && !deliver(filled)) return false;
      switch (status) {
        case TlsEngine::Status::ok: break;
        case TlsEngine::Status::want_input: return true;
        case TlsEngine::Status::closed:
          fail({StreamError::Kind::none, "closed by the peer", {}});
          return false;
        case TlsEngine::Status::failed:
          fail({StreamError::Kind::tls, engine->failure(), engine->certificate_fault()});
          return false;
      }
    }
  }

  bool deliver(std::size_t filled) {
    Bytes& plain = scratch().plain;
    const std::size_t used = handler->on_data(MutableBytes(plain).first(filled));
    if (phase == Phase::dead) return false;
    tail.assign(plain.begin() + static_cast<std::ptrdiff_t>(used),
                plain.begin() + static_cast<std::ptrdiff_t>(filled));
    // A handler that paused the stream may leave all it was given; nothing more comes until it resumes.
    if (tail.size() > kStreamMaxUnconsumed && !paused) {
      fail({StreamError::Kind::overflow, "a message larger than the limit", {}});
      return false;
    }
    return true;
  }

  // After a pause: first what the handler left, then the socket again.
  void redeliver() {
    auto self = shared_from_this();
    if (phase != Phase::open || paused) return;
    if (!tail.empty()) {
      std::copy(tail.begin(), tail.end(), scratch().plain.begin());
      if (!deliver(tail.size())) return;
    }
    wait_read();
  }

  // --- writing -------------------------------------------------------------------------------

  ByteView next_bytes() {
    if (written_at < written.size()) return ByteView(written).subspan(written_at);
    return output != nullptr ? output->peek() : ByteView{};
  }

  void consume_bytes(std::size_t n) {
    if (written_at < written.size()) {
      written_at += n;
      if (written_at == written.size()) {
        Bytes().swap(written);
        written_at = 0;
      }
      return;
    }
    output->consume(n);
  }

  void request_flush() {
    if (flush_posted || waiting_write || phase != Phase::open) return;
    flush_posted = true;
    asio::post(loop.context(), [self = shared_from_this()] {
      self->flush_posted = false;
      if (self->phase == Phase::open) self->pump();
    });
  }

  void pump() {
    auto self = shared_from_this();
    while (phase != Phase::dead && !waiting_write) {
      if (out_at < out.size() && !send_kept()) return;
      const bool any = engine ? fill_encrypted() : send_plain();
      if (!any) break;
    }
    if (phase != Phase::dead) maybe_done();
  }

  // Encrypts up to one batch and sends it. False when there was nothing to send.
  bool fill_encrypted() {
    Bytes& o = scratch_out();
    while (o.size() < kStreamWriteBatch) {
      const ByteView v = next_bytes();
      if (v.empty()) break;
      std::size_t n = 0;
      if (engine->write(v, n) != TlsEngine::Status::ok) {
        o.clear();
        fail({StreamError::Kind::tls, engine->failure(), {}});
        return false;
      }
      consume_bytes(n);
    }
    if (o.empty()) return false;
    send_engine_output();
    return true;
  }

  bool send_plain() {
    const ByteView v = next_bytes();
    if (v.empty()) return false;
    const std::size_t n = send_some(v);
    if (phase == Phase::dead) return false;
    if (n > 0) consume_bytes(n);
    return n > 0;
  }

  // Sends the thread's output buffer; what the kernel does not take is kept in this stream.
  void send_engine_output() {
    Bytes& o = scratch_out();
    if (o.empty()) return;
    std::size_t n = 0;
    if (out_at == out.size()) n = send_some(o);
    if (phase != Phase::dead && n < o.size()) {
      if (out.empty()) out = scratch().take_spare();
      out.insert(out.end(), o.begin() + static_cast<std::ptrdiff_t>(n), o.end());
    }
    o.clear();
  }

  bool send_kept() {
    out_at += send_some(ByteView(out).subspan(out_at));
    if (phase == Phase::dead || out_at < out.size()) return false;
    scratch().give_back(std::exchange(out, {}));
    out_at = 0;
    return true;
  }

  std::size_t send_some(ByteView data) {
    std::size_t sent = 0;
    while (sent < data.size()) {
      const ssize_t n =
          ::send(socket.native_handle(), data.data() + sent, data.size() - sent, MSG_NOSIGNAL);
      if (n >= 0) {
        sent += static_cast<std::size_t>(n);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        wait_write();
        break;
      } else if (errno != EINTR) {
        fail({StreamError::Kind::reset, std::strerror(errno), {}});
        break;
      }
    }
    return sent;
  }

  void wait_write() {
    if (waiting_write) return;
    waiting_write = true;
    socket.async_wait(tcp::socket::wait_write,
                      [self = shared_from_this()](const boost::system::error_code& ec) {
                        self->waiting_write = false;
                        if (!ec && self->phase != Phase::dead) self->writable();
                      });
  }

  void writable() {
    if (phase == Phase::handshaking) {
      send_kept();
      return;
    }
    pump();
  }

  // --- ending --------------------------------------------------------------------------------

  // Closing a socket with unread input resets it, and the peer may lose our last words.
  void linger() {
    if (lingering) return;
    lingering = true;
    paused = false;
    boost::system::error_code ec;
    socket.shutdown(tcp::socket::shutdown_send, ec);
    deadline.after(kLinger, [this] { fail({StreamError::Kind::none, "closed", {}}); });
    wait_read();
  }

  void discard() {
    const ssize_t n =
        ::recv(socket.native_handle(), scratch().cipher.data(), scratch().cipher.size(), 0);
    if (n > 0 || (n < 0 && errno == EAGAIN)) return wait_read();
    fail({StreamError::Kind::none, "closed", {}});
  }

  bool all_sent() { return out_at == out.size() && next_bytes().empty(); }

  void maybe_done() {
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

  void fail(const StreamError& error) {
    if (phase == Phase::dead) return;
    auto self = shared_from_this();
    StreamHandler* h = handler;
    kill();
    if (h != nullptr) h->on_close(error);
  }

  void kill() {
    phase = Phase::dead;
    handler = nullptr;
    deadline.cancel();
    resolver.cancel();
    boost::system::error_code ec;
    socket.close(ec);
  }
};

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

void Stream::write(ByteView data) {
  impl_->written.insert(impl_->written.end(), data.begin(), data.end());
  impl_->request_flush();
}
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
void Stream::abort() {
  boost::system::error_code ec;
  impl_->socket.set_option(asio::socket_base::linger(true, 0), ec);
  impl_->kill();
}
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

}  // namespace rap::io
