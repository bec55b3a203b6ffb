#include "io/listeners/tls_listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "io/listeners/asio_listen.hpp"
#include "io/system/system.hpp"
#include "policy/addresses/ip_prefix.hpp"
#include "policy/slot_table.hpp"

namespace rap::io {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

// How many are taken at once before the handshakes that wait get their turn.
constexpr int kAcceptsPerTurn = 32;
constexpr std::chrono::milliseconds kOutOfDescriptors{50};

// Stands in for an owner that set no handler.
struct NoHandler final : StreamHandler {
  void on_open() override {}
  std::size_t on_data(MutableBytes data) override { return data.size(); }
  void on_close(const StreamError&) override {}
};

}  // namespace

struct TlsListener::Impl : std::enable_shared_from_this<TlsListener::Impl> {
  using SlotId = policy::SlotTable::Id;

  struct HalfOpen final : StreamHandler {
    HalfOpen(Impl& o, SlotId i) : owner(o), id(i) {}
    void on_open() override { owner.opened(*this); }
    void on_progress() override { owner.slots.heard(id, mono_now()); }
    std::size_t on_data(MutableBytes) override { return 0; }
    void on_close(const StreamError& error) override { owner.failed(*this, error); }

    Impl& owner;
    const SlotId id;
    std::unique_ptr<Stream> stream;
  };

  Impl(EventLoop& l, TlsListenerOptions o, OnPeer peer, OnFailure failure)
      : loop(l),
        options(std::move(o)),
        on_peer(std::move(peer)),
        on_failure(std::move(failure)),
        acceptor(l.context()),
        pause(l),
        slots(limits(options.max_handshakes, options.max_handshakes_per_source)) {}

  // Nobody is proven before their handshake is done.
  static policy::SlotLimits limits(std::size_t total, std::size_t share) {
    return {.total = total, .share = share, .proven = 0, .proven_share = 0};
  }

  EventLoop& loop;
  TlsListenerOptions options;
  OnPeer on_peer;
  OnFailure on_failure;
  tcp::acceptor acceptor;
  Timer pause;
  TlsListenerCounters counters;
  policy::SlotTable slots;
  std::unordered_map<SlotId, std::unique_ptr<HalfOpen>> half_open;
  SlotId next_id = 1;

  void wait() {
    acceptor.async_wait(tcp::acceptor::wait_read,
                        [self = shared_from_this()](const boost::system::error_code& ec) {
                          if (self->acceptor.is_open() && !ec) self->take_waiting();
                        });
  }

  void take_waiting() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      tcp::endpoint from;
      auto size = static_cast<socklen_t>(from.capacity());
      const int fd =
          ::accept4(acceptor.native_handle(), from.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        admit(fd, policy::source_network(from.address().to_string()));
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (const auto id = slots.make_way()) {
          evict(*id, counters.evicted);
        } else if (options.make_room) {
          options.make_room();
        }
        return pause.after(kOutOfDescriptors, [self = this] { self->wait(); });
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        break;
      }  // else that one connection is gone already
    }
    wait();
  }

  void admit(int fd, const std::string& source) {
    ++counters.accepted;
    const SlotId id = next_id++;
    HalfOpen& entry = *half_open.emplace(id, std::make_unique<HalfOpen>(*this, id)).first->second;
    StreamOptions stream_options;
    stream_options.tls = options.tls;
    stream_options.handshake_timeout = options.handshake_timeout;
    stream_options.floods = counters.floods;
    entry.stream = Stream::accept(loop, fd, std::move(stream_options), entry);
    for (const auto& gone : slots.enter(id, source, mono_now())) {
      evict(gone.id, gone.of_its_share ? counters.evicted_by_source : counters.evicted);
    }
    counters.half_open = slots.size();
    counters.most_half_open = std::max<std::uint64_t>(counters.most_half_open, counters.half_open);
  }

  // Takes it off the tables; it lives as long as what is returned.
  std::unique_ptr<HalfOpen> extract(SlotId id) {
    slots.leave(id);
    auto taken = std::move(half_open.at(id));
    half_open.erase(id);
    counters.half_open = slots.size();
    return taken;
  }

  void evict(SlotId id, Counter& counter) {
    const auto taken = extract(id);
    ++counter;
    taken->stream->abort();
  }

  void opened(HalfOpen& entry) {
    static NoHandler none;
    const auto self = shared_from_this();  // the owner may destroy the listener
    const auto taken = extract(entry.id);
    ++counters.completed;
    entry.stream->set_handler(none);
    on_peer(std::move(entry.stream));
  }

  void failed(HalfOpen& entry, const StreamError& error) {
    const auto self = shared_from_this();
    const auto taken = extract(entry.id);
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
  for (auto& [id, entry] : impl_->half_open) entry->stream->abort();
  impl_->half_open.clear();
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
  impl_->slots.set_limits(Impl::limits(max_handshakes, max_handshakes_per_source));
}

const TlsListenerCounters& TlsListener::counters() const { return impl_->counters; }

}  // namespace rap::io
