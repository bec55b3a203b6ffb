#include "io/stream/tls_listener.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "io/stream/asio_listen.hpp"

namespace rap::io {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

// How many are taken at once before the handshakes that wait get their turn.
constexpr int kAcceptsPerTurn = 32;
constexpr std::chrono::milliseconds kOutOfDescriptors{50};

// The origin of a connection, as far as it can be held against somebody.
using Source = std::array<std::uint8_t, 16>;

Source source_of(const sockaddr_storage& address) {
  Source out{};
  if (address.ss_family == AF_INET6) {
    in6_addr v6;
    std::memcpy(&v6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, sizeof v6);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6) != 0;
    std::memcpy(out.data(), &v6, mapped ? 16 : 8);
  } else {
    out[10] = out[11] = 0xff;
    std::memcpy(out.data() + 12, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  }
  return out;
}

struct SourceHash {
  std::size_t operator()(const Source& s) const {
    return std::hash<std::string_view>{}({reinterpret_cast<const char*>(s.data()), s.size()});
  }
};

// Stands in for an owner that set no handler.
struct NoHandler final : StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override { return data.size(); }
  void on_close(const StreamError&) override {}
};

}  // namespace

struct TlsListener::Impl : std::enable_shared_from_this<TlsListener::Impl> {
  struct HalfOpen final : StreamHandler {
    HalfOpen(Impl& o, const Source& s) : owner(o), source(s) {}
    void on_open() override { owner.opened(*this); }
    void on_progress() override { owner.heard(*this); }
    std::size_t on_data(MutableBytes) override { return 0; }
    void on_close(const StreamError& error) override { owner.failed(*this, error); }

    Impl& owner;
    const Source source;
    std::unique_ptr<Stream> stream;
    std::list<HalfOpen>::iterator at;
    std::list<HalfOpen*>::iterator at_source;
  };

  Impl(EventLoop& l, TlsListenerOptions o, OnPeer peer, OnFailure failure)
      : loop(l),
        options(std::move(o)),
        on_peer(std::move(peer)),
        on_failure(std::move(failure)),
        acceptor(l.context()),
        pause(l) {}

  EventLoop& loop;
  TlsListenerOptions options;
  OnPeer on_peer;
  OnFailure on_failure;
  tcp::acceptor acceptor;
  Timer pause;
  TlsListenerCounters counters;
  std::list<HalfOpen> half_open;  // silent for the longest first, like each list of a source
  std::unordered_map<Source, std::list<HalfOpen*>, SourceHash> sources;

  void wait() {
    acceptor.async_wait(tcp::acceptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& ec) {
                          if (self->acceptor.is_open() && !ec) self->take_waiting();
                        });
  }

  void take_waiting() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd = ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&address),
                               &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        admit(fd, source_of(address));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (!half_open.empty()) evict(half_open.front(), counters.evicted);
        return pause.after(kOutOfDescriptors, [self = this] { self->wait(); });
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      }  // else that one connection is gone already
    }
    wait();
  }

  void admit(int fd, const Source& source) {
    ++counters.accepted;
    const auto known = sources.find(source);
    if (known != sources.end() && known->second.size() >= options.max_handshakes_per_source) {
      evict(*known->second.front(), counters.evicted_by_source);
    } else if (half_open.size() >= options.max_handshakes) {
      evict(half_open.front(), counters.evicted);
    }
    HalfOpen& entry = half_open.emplace_back(*this, source);
    entry.at = std::prev(half_open.end());
    auto& siblings = sources[source];
    entry.at_source = siblings.insert(siblings.end(), &entry);
    counters.half_open = half_open.size();
    counters.most_half_open = std::max<std::uint64_t>(counters.most_half_open, counters.half_open);
    StreamOptions stream_options;
    stream_options.tls = options.tls;
    stream_options.handshake_timeout = options.handshake_timeout;
    entry.stream = Stream::accept(loop, fd, std::move(stream_options), entry);
  }

  void heard(HalfOpen& entry) {
    half_open.splice(half_open.end(), half_open, entry.at);
    auto& siblings = sources.at(entry.source);
    siblings.splice(siblings.end(), siblings, entry.at_source);
  }

  // Takes it off the tables; it lives as long as what is returned.
  std::list<HalfOpen> extract(HalfOpen& entry) {
    const auto siblings = sources.find(entry.source);
    siblings->second.erase(entry.at_source);
    if (siblings->second.empty()) sources.erase(siblings);
    std::list<HalfOpen> out;
    out.splice(out.end(), half_open, entry.at);
    counters.half_open = half_open.size();
    return out;
  }

  void evict(HalfOpen& entry, Counter& counter) {
    const auto taken = extract(entry);
    ++counter;
    entry.stream->abort();
  }

  void opened(HalfOpen& entry) {
    static NoHandler none;
    const auto self = shared_from_this();  // the owner may destroy the listener
    const auto taken = extract(entry);
    ++counters.completed;
    entry.stream->set_handler(none);
    on_peer(std::move(entry.stream));
  }

  void failed(HalfOpen& entry, const StreamError& error) {
    const auto self = shared_from_this();
    const auto taken = extract(entry);
    if (error.kind == StreamError::Kind::timeout) {
      ++counters.timed_out;
    } else if (error.fault) {
      ++counters.refused.at(static_cast<std::size_t>(*error.fault));
    } else {
      ++counters.failed;
    }
    if (on_failure) on_failure(error, entry.stream->peer_ip());
  }
};

TlsListener::TlsListener(EventLoop& loop, const std::string& host, std::uint16_t port,
                         TlsListenerOptions options, OnPeer on_peer, OnFailure on_failure)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(on_peer),
                                   std::move(on_failure))) {
  listen_on(impl_->acceptor, host, port, impl_->options.backlog);
  impl_->acceptor.non_blocking(true);
  impl_->wait();
}

TlsListener::~TlsListener() {
  boost::system::error_code ec;
  impl_->acceptor.close(ec);
  impl_->pause.cancel();
  for (auto& entry : impl_->half_open) entry.stream->abort();
  impl_->half_open.clear();
  impl_->sources.clear();
}

std::uint16_t TlsListener::port() const {
  boost::system::error_code ec;
  return impl_->acceptor.local_endpoint(ec).port();
}

void TlsListener::set_tls(std::shared_ptr<const crypto::TlsContext> tls) {
  impl_->options.tls = std::move(tls);
}

void TlsListener::set_limits(std::chrono::milliseconds handshake_timeout,
                             std::size_t max_handshakes, std::size_t max_handshakes_per_source) {
  impl_->options.handshake_timeout = handshake_timeout;
  impl_->options.max_handshakes = max_handshakes;
  impl_->options.max_handshakes_per_source = max_handshakes_per_source;
}

const TlsListenerCounters& TlsListener::counters() const { return impl_->counters; }

}  // namespace rap::io
