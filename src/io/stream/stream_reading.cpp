#include <sys/socket.h>

#include "io/stream/asio_stream.hpp"
#include "io/system/system.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using crypto::TlsEngine;

namespace {

// How often one wake-up reads before other streams get their turn.
constexpr int kReadsPerTurn = 4;

}  // namespace

void StreamImpl::wait_read() {
  if (waiting_read || paused || peer_finished || phase == Phase::dead) return;
  waiting_read = true;
  socket.async_wait(tcp::socket::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& ec) {
                      self->waiting_read = false;
                      if (!ec && self->phase != Phase::dead) self->readable();
                    });
}

void StreamImpl::readable() {
  auto self = shared_from_this();
  if (lingering) return discard();
  const Duration began = thread_time();
  Duration before = began;
  for (int i = 0; i < kReadsPerTurn && !paused && phase != Phase::dead; ++i) {
    std::size_t n = 0;
    const bool more = options.tls ? read_tls(n) : read_plain(n);
    if (phase == Phase::dead) return;
    const Duration now = thread_time();
    weigh(n, now - std::exchange(before, now));
    if (!more || now - began > kStreamTurn) break;
  }
  wait_read();
}

// Dear bytes make the next batch smaller, cheap ones that filled theirs a larger one.
void StreamImpl::weigh(std::size_t n, Duration cost) {
  if (cost > kStreamTurn) {
    read_batch = std::max(read_batch / 2, kLeastReadBatch);
  } else if (n == read_batch && cost < kStreamTurn / 4) {
    read_batch = std::min(read_batch * 2, kStreamReadBatch);
  }
}

// One recv(2). n < 0 ends the stream; false: nothing more to read now.
bool StreamImpl::receive(MutableBytes into, std::size_t& n) {
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

void StreamImpl::end_of_input() {
  if (phase == Phase::handshaking) {
    return fail({StreamError::Kind::tls, "the peer closed during the handshake", {}});
  }
  if (engine) return fail({StreamError::Kind::reset, "the connection ended without notice", {}});
  if (!options.half_close) return fail({StreamError::Kind::none, "closed by the peer", {}});
  peer_finished = true;
  handler->on_end();
  maybe_done();
}

bool StreamImpl::read_plain(std::size_t& n) {
  Bytes& plain = stream_scratch().plain;
  std::copy(tail.begin(), tail.end(), plain.begin());
  const std::size_t before = tail.size();
  if (!receive(MutableBytes(plain).subspan(before, read_batch), n)) return false;
  return deliver(before + n) && n == read_batch;
}

bool StreamImpl::read_tls(std::size_t& n) {
  Bytes& cipher = stream_scratch().cipher;
  if (!receive(MutableBytes(cipher).first(read_batch), n)) return false;
  start_tls();
  engine->set_input(ByteView(cipher).first(n));
  if (phase == Phase::handshaking) {
    handler->on_progress();
    advance_handshake();
    return false;
  }
  if (!deliver_tls()) return false;
  if (!thin_records.may_go_on(engine->records_read(), engine->bytes_read(), mono_now())) {
    fail_flood(crypto::IdleRecord::thin, "too many records that carry little");
    return false;
  }
  return n == read_batch;
}

void StreamImpl::fail_tls() {
  if (const auto what = engine->flooded_with()) return fail_flood(*what, engine->failure());
  fail({StreamError::Kind::tls, engine->failure(), engine->certificate_fault()});
}

void StreamImpl::fail_flood(crypto::IdleRecord what, std::string detail) {
  if (options.floods) ++options.floods->at(static_cast<std::size_t>(what));
  fail({StreamError::Kind::flood, std::move(detail), {}});
}

// Decrypts all of the engine's input and hands it over. False when the stream ended.
bool StreamImpl::deliver_tls() {
  Bytes& plain = stream_scratch().plain;
  for (;;) {
    std::copy(tail.begin(), tail.end(), plain.begin());
    std::size_t filled = tail.size();
    auto status = TlsEngine::Status::ok;
    while (status == TlsEngine::Status::ok && plain.size() - filled >= 16 * 1024) {
      std::size_t n = 0;
      status = engine->read(MutableBytes(plain).subspan(filled), n);
      if (status == TlsEngine::Status::ok) filled += n;
    }
    // This comes before anything else runs: the buffer is the thread's, and what reading produced
    // (an alert, a key update) belongs to this stream.
    send_engine_output();
    if (phase == Phase::dead) return false;
    if (filled > tail.size() && !deliver(filled)) return false;
    switch (status) {
      case TlsEngine::Status::ok: break;
      case TlsEngine::Status::want_input: return true;
      case TlsEngine::Status::closed:
        fail({StreamError::Kind::none, "closed by the peer", {}});
        return false;
      case TlsEngine::Status::failed: fail_tls(); return false;
    }
  }
}

bool StreamImpl::deliver(std::size_t filled) {
  Bytes& plain = stream_scratch().plain;
  const std::size_t used = handler->on_data(MutableBytes(plain).first(filled));
  if (phase == Phase::dead) return false;
  tail.assign(plain.begin() + static_cast<std::ptrdiff_t>(used),
              plain.begin() + static_cast<std::ptrdiff_t>(filled));
  // A handler that paused the stream may leave all it was given; nothing more comes until it
  // resumes.
  if (tail.size() > kStreamMaxUnconsumed && !paused) {
    fail({StreamError::Kind::overflow, "a message larger than the limit", {}});
    return false;
  }
  return true;
}

// A pause is over: the handler gets what it left, then what the socket has.
void StreamImpl::redeliver() {
  auto self = shared_from_this();
  if (phase != Phase::open || paused) return;
  if (!tail.empty()) {
    std::copy(tail.begin(), tail.end(), stream_scratch().plain.begin());
    if (!deliver(tail.size())) return;
  }
  wait_read();
}

}  // namespace rap::io
