#include <sys/socket.h>

#include "io/stream/asio_stream.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using crypto::TlsEngine;

void StreamImpl::keep_for_later(ByteView data) {
  if (overflowing || phase == Phase::dead) return;
  written.insert(written.end(), data.begin(), data.end());
  request_flush();
  const std::size_t waiting = written.size() - written_at + out.size() - out_at;
  if (options.max_unsent == 0 || waiting <= options.max_unsent) return;
  overflowing = true;
  // It is posted, for the caller may not expect to lose its stream here.
  asio::post(loop.context(), [self = shared_from_this()] {
    self->fail({StreamError::Kind::overflow, "the peer does not read", {}});
  });
}

ByteView StreamImpl::next_bytes() {
  if (written_at < written.size()) return ByteView(written).subspan(written_at);
  return output != nullptr ? output->peek() : ByteView{};
}

void StreamImpl::consume_bytes(std::size_t n) {
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

void StreamImpl::request_flush() {
  if (flush_posted || waiting_write || phase != Phase::open) return;
  flush_posted = true;
  asio::post(loop.context(), [self = shared_from_this()] {
    self->flush_posted = false;
    if (self->phase == Phase::open) self->pump();
  });
}

void StreamImpl::pump() {
  auto self = shared_from_this();
  while (phase != Phase::dead && !waiting_write) {
    if (out_at < out.size() && !send_kept()) return;
    const bool any = engine ? fill_encrypted() : send_plain();
    if (!any) break;
  }
  if (phase != Phase::dead) maybe_done();
}

// Encrypts up to one batch and sends it. False when there was nothing to send.
bool StreamImpl::fill_encrypted() {
  Bytes& o = stream_scratch().out;
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

bool StreamImpl::send_plain() {
  const ByteView v = next_bytes();
  if (v.empty()) return false;
  const std::size_t n = send_some(v);
  if (phase == Phase::dead) return false;
  if (n > 0) consume_bytes(n);
  return n > 0;
}

// Sends the thread's output buffer; what the kernel does not take is kept in this stream.
void StreamImpl::send_engine_output() {
  Bytes& o = stream_scratch().out;
  if (o.empty()) return;
  std::size_t n = 0;
  if (out_at == out.size()) n = send_some(o);
  if (phase != Phase::dead && n < o.size()) {
    if (out.empty()) out = stream_scratch().take_spare();
    out.insert(out.end(), o.begin() + static_cast<std::ptrdiff_t>(n), o.end());
  }
  o.clear();
}

bool StreamImpl::send_kept() {
  out_at += send_some(ByteView(out).subspan(out_at));
  if (phase == Phase::dead || out_at < out.size()) return false;
  stream_scratch().give_back(std::exchange(out, {}));
  out_at = 0;
  return true;
}

std::size_t StreamImpl::send_some(ByteView data) {
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

void StreamImpl::wait_write() {
  if (waiting_write) return;
  waiting_write = true;
  socket.async_wait(tcp::socket::wait_write,
                    [self = shared_from_this()](const boost::system::error_code& ec) {
                      self->waiting_write = false;
                      if (!ec && self->phase != Phase::dead) self->writable();
                    });
}

void StreamImpl::writable() {
  if (phase == Phase::handshaking) {
    send_kept();
    return;
  }
  pump();
}

}  // namespace rap::io
