#include "io/stream/descriptor_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "io/system/descriptor.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

struct DescriptorStream::Impl : std::enable_shared_from_this<Impl> {
  Impl(EventLoop& l, int in_fd, int out_fd, StreamHandler& h)
      : loop(l),
        handler(&h),
        in(l.context()),
        out(l.context()),
        old_in(flags(in_fd)),
        old_out(flags(out_fd)) {
    boost::system::error_code ignored;
    in.assign(in_fd, ignored);
    // epoll takes a descriptor once; a second name for a socket that is both ends works.
    out.assign(out_fd, ignored);
    for (const int fd : {in_fd, out_fd}) {
      ::fcntl(fd, F_SETFL, flags(fd) | O_NONBLOCK);
      ::fcntl(fd, F_SETPIPE_SZ, kDescriptorPipeBytes);
    }
  }

  ~Impl() {
    ::fcntl(in.release(), F_SETFL, old_in);
    if (!finished) ::fcntl(out.release(), F_SETFL, old_out);
  }

  static int flags(int fd) { return ::fcntl(fd, F_GETFL); }

  EventLoop& loop;
  StreamHandler* handler;  // null once no callback may follow
  stream_descriptor in;
  stream_descriptor out;
  int old_in;
  int old_out;
  Output* output = nullptr;
  Bytes buffer = Bytes(kDescriptorReadBytes);
  Bytes tail;  // what the handler left
  bool paused = false;
  bool waiting_read = false;
  bool waiting_write = false;
  bool flush_posted = false;
  bool ended = false;      // end of input
  bool finishing = false;  // finish_writing
  bool finished = false;   // the write of the end is done
  std::optional<int> failure;

  // Calls `fn` when the descriptor is ready; at once when it always is (a regular file).
  template <class Fn>
  void when_ready(stream_descriptor& d, stream_descriptor::wait_type type, Fn fn) {
    d.async_wait(type, [self = shared_from_this(), fn](const boost::system::error_code& ec) {
      if (self->handler == nullptr || ec == asio::error::operation_aborted) return;
      fn(*self);
    });
  }

  void wait_read() {
    if (waiting_read || paused || ended || handler == nullptr) return;
    waiting_read = true;
    when_ready(in, stream_descriptor::wait_read, [](Impl& self) {
      self.waiting_read = false;
      if (!self.paused) self.readable();
    });
  }

  void readable() {
    auto self = shared_from_this();
    const ssize_t n = ::read(in.native_handle(), buffer.data(), buffer.size());
    if (n > 0) {
      if (!deliver(MutableBytes(buffer).first(static_cast<std::size_t>(n)))) return;
    } else if (n == 0) {
      ended = true;
      handler->on_end();
      return maybe_done();
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail_with(errno);
    }
    wait_read();
  }

  bool deliver(MutableBytes data) {
    const std::size_t used = handler->on_data(data);
    if (handler == nullptr) return false;
    tail.assign(data.begin() + static_cast<std::ptrdiff_t>(used), data.end());
    return true;
  }

  void redeliver() {
    auto self = shared_from_this();
    if (paused || handler == nullptr) return;
    Bytes kept = std::move(tail);
    tail.clear();
    if (!kept.empty() && !deliver(kept)) return;
    // What is still left waits for the next resume.
    if (tail.empty()) wait_read();
  }

  void request_flush() {
    if (flush_posted || waiting_write || handler == nullptr) return;
    flush_posted = true;
    asio::post(loop.context(), [self = shared_from_this()] {
      self->flush_posted = false;
      if (self->handler != nullptr) self->pump();
    });
  }

  void pump() {
    auto self = shared_from_this();
    while (handler != nullptr && !waiting_write && !finished) {
      const ByteView bytes = output != nullptr ? output->peek() : ByteView{};
      if (bytes.empty()) return maybe_done();
      const ssize_t n = ::write(out.native_handle(), bytes.data(), bytes.size());
      if (n >= 0) {
        output->consume(static_cast<std::size_t>(n));
      } else if (errno == EAGAIN) {
        waiting_write = true;
        when_ready(out, stream_descriptor::wait_write, [](Impl& impl) {
          impl.waiting_write = false;
          impl.pump();
        });
      } else if (errno != EINTR) {
        return fail_with(errno);
      }
    }
  }

  void maybe_done() {
    if (handler == nullptr) return;
    if (finishing && !finished && (output == nullptr || output->peek().empty())) end_output();
    if (finished && ended) fail({StreamError::Kind::none, "closed", {}});
  }

  // The descriptor is not closed: whatever is opened next must not become our standard output.
  void end_output() {
    finished = true;
    const int fd = out.release();
    ::fcntl(fd, F_SETFL, old_out);
    ::shutdown(fd, SHUT_WR);
    const Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (nowhere) ::dup2(nowhere.get(), fd);
  }

  void fail_with(int error) {
    if (error != EPIPE && error != ECONNRESET) failure = error;
    fail({StreamError::Kind::reset, std::strerror(error), {}});
  }

  void fail(const StreamError& error) {
    StreamHandler* h = std::exchange(handler, nullptr);
    if (h != nullptr) h->on_close(error);
  }
};

DescriptorStream::DescriptorStream(EventLoop& loop, int in, int out, StreamHandler& handler)
    : impl_(std::make_shared<Impl>(loop, in, out, handler)) {
  // The owner gets its object before the first callback.
  asio::post(loop.context(), [impl = impl_] {
    if (impl->handler == nullptr) return;
    impl->handler->on_open();
    impl->wait_read();
  });
}

DescriptorStream::~DescriptorStream() {
  impl_->handler = nullptr;
  boost::system::error_code ignored;
  impl_->in.cancel(ignored);
  if (!impl_->finished) impl_->out.cancel(ignored);
}

void DescriptorStream::set_output(Output* output) { impl_->output = output; }
void DescriptorStream::flush() { impl_->request_flush(); }
void DescriptorStream::pause_reading() { impl_->paused = true; }
void DescriptorStream::resume_reading() {
  if (!impl_->paused) return;
  impl_->paused = false;
  asio::post(impl_->loop.context(), [impl = impl_] { impl->redeliver(); });
}
std::optional<int> DescriptorStream::failure() const { return impl_->failure; }
void DescriptorStream::finish_writing() {
  impl_->finishing = true;
  impl_->request_flush();
}

}  // namespace rap::io
