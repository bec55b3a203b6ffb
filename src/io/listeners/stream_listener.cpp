#include "io/listeners/stream_listener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "io/listeners/asio_listen.hpp"

namespace rap::io {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

struct StreamListener::Impl : std::enable_shared_from_this<StreamListener::Impl> {
  Impl(EventLoop& loop, OnAccept fn)
      : acceptor(loop.context()), pause(loop), on_accept(std::move(fn)) {}

  tcp::acceptor acceptor;
  Timer pause;
  OnAccept on_accept;
  bool paused = false;
  bool accepting = false;

  void next() {
    if (paused || accepting) return;
    accepting = true;
    acceptor.async_accept(
        [self = shared_from_this()](const boost::system::error_code& ec, tcp::socket socket) {
          self->accepting = false;
          if (!self->acceptor.is_open()) return;
          if (ec) {
            self->pause.after(50ms, [self] { self->next(); });
            return;
          }
          boost::system::error_code ignored;
          const auto remote = socket.remote_endpoint(ignored);
          self->on_accept(socket.release(), remote.address().to_string());
          if (self->acceptor.is_open()) self->next();
        });
  }
};

StreamListener::StreamListener(EventLoop& loop, const std::string& host, std::uint16_t port,
                               OnAccept on_accept)
    : impl_(std::make_shared<Impl>(loop, std::move(on_accept))) {
  listen_on(impl_->acceptor, host, port, asio::socket_base::max_listen_connections);
  impl_->next();
}

StreamListener::~StreamListener() {
  boost::system::error_code ec;
  impl_->acceptor.close(ec);
  impl_->pause.cancel();
}

void StreamListener::pause() { impl_->paused = true; }

void StreamListener::resume() {
  impl_->paused = false;
  impl_->next();
}

std::uint16_t StreamListener::port() const {
  boost::system::error_code ec;
  return impl_->acceptor.local_endpoint(ec).port();
}

}  // namespace rap::io
