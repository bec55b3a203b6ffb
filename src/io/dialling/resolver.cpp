#include "io/dialling/resolver.hpp"

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace rap::io {

namespace asio = boost::asio;
using policy::IpAddress;

namespace {

std::vector<IpAddress> addresses_of(const ares_addrinfo* info) {
  std::vector<IpAddress> out;
  if (info == nullptr) return out;
  for (const auto* node = info->nodes; node != nullptr && out.size() < kMaxFoundAddresses;
       node = node->ai_next) {
    IpAddress address;
    if (node->ai_family == AF_INET) {
      const auto* in = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      std::memcpy(address.bytes.data(), &in->sin_addr, sizeof in->sin_addr);
    } else if (node->ai_family == AF_INET6) {
      const auto* in = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      address.v6 = true;
      std::memcpy(address.bytes.data(), &in->sin6_addr, sizeof in->sin6_addr);
    } else {
      continue;
    }
    out.push_back(address);
  }
  return out;
}

// Happy Eyeballs finds out which address answers. Sorting (RFC 6724) would open a socket for each
// address of an answer whose length a stranger decides.
ares_addrinfo_hints hints_for(int family) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT | ARES_AI_ENVHOSTS;
  return hints;
}

// What the hosts file says of the name. c-ares reads it on the spot.
std::vector<IpAddress> in_hosts_file(const std::string& name) {
  ares_options options{};
  char files[] = "f";
  options.lookups = files;
  ares_channel channel = nullptr;
  if (ares_init_options(&channel, &options, ARES_OPT_LOOKUPS) != ARES_SUCCESS) return {};
  std::vector<IpAddress> found;
  const auto hints = hints_for(AF_UNSPEC);
  ares_getaddrinfo(
      channel, name.c_str(), nullptr, &hints,
      [](void* into, int status, int, ares_addrinfo* info) {
        if (status == ARES_SUCCESS)
          *static_cast<std::vector<IpAddress>*>(into) = addresses_of(info);
        if (info != nullptr) ares_freeaddrinfo(info);
      },
      &found);
  ares_destroy(channel);
  return found;
}

bool is_silence(int status) {
  return status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL ||
         status == ARES_EREFUSED;
}

}  // namespace

// Every call of c-ares happens in step(), which tells nobody anything: what is found is posted. So
// no callback can end the look-up while c-ares is on the stack.
struct Lookup::Impl : std::enable_shared_from_this<Lookup::Impl> {
  // A socket of c-ares, which opens and closes it.
  struct Socket {
    explicit Socket(asio::io_context& context, int fd) : descriptor(context, fd) {}
    ~Socket() { descriptor.release(); }
    asio::posix::stream_descriptor descriptor;
    bool wants_read = false;
    bool wants_write = false;
    bool waits_read = false;
    bool waits_write = false;
  };

  Impl(EventLoop& l, std::shared_ptr<dialling::LookupLimits> q, std::string who,
       Resolver::OnPart fn)
      : loop(l),
        limits(std::move(q)),
        asker(std::move(who)),
        on_part(std::move(fn)),
        retry(l),
        limit(l) {}
  ~Impl() {
    end();
    limits->give_back(asker);
  }

  EventLoop& loop;
  std::shared_ptr<dialling::LookupLimits> limits;
  std::string asker;
  Resolver::OnPart on_part;  // null once nothing more is told
  ares_channel channel = nullptr;
  std::map<int, std::shared_ptr<Socket>> sockets;
  Timer retry;
  Timer limit;
  int families = 0;  // still looked up

  void start(const std::string& name, const ResolverOptions& options) {
    if (auto found = in_hosts_file(name); !found.empty()) return tell({.addresses = found});
    if (!open(options)) return tell({.unanswered = true});
    limit.after(options.limit, [this] { out_of_time(); });
    families = 2;
    for (const int family : {AF_INET6, AF_INET}) {
      const auto hints = hints_for(family);
      ares_getaddrinfo(
          channel, name.c_str(), nullptr, &hints,
          [](void* self, int status, int, ares_addrinfo* info) {
            static_cast<Impl*>(self)->answered(status, info);
            if (info != nullptr) ares_freeaddrinfo(info);
          },
          this);
    }
    wait();
  }

  bool open(const ResolverOptions& options) {
    ares_options o{};
    char dns[] = "b";
    o.lookups = dns;
    o.timeout = static_cast<int>(kNameserverPatience.count());
    o.tries = kNameserverTries;
    o.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
      static_cast<Impl*>(self)->watch(fd, readable != 0, writable != 0);
    };
    o.sock_state_cb_data = this;
    int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    std::string path = options.resolv_conf;
    if (!path.empty()) {
      o.resolvconf_path = path.data();
      mask |= ARES_OPT_RESOLVCONF;
    }
    if (options.port != 0) {
      o.udp_port = o.tcp_port = options.port;
      mask |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
    }
    return ares_init_options(&channel, &o, mask) == ARES_SUCCESS;
  }

  void watch(int fd, bool readable, bool writable) {
    if (!readable && !writable) {
      sockets.erase(fd);
      return;
    }
    auto& socket = sockets[fd];
    if (!socket) socket = std::make_shared<Socket>(loop.context(), fd);
    socket->wants_read = readable;
    socket->wants_write = writable;
  }

  void answered(int status, ares_addrinfo* info) {
    if (status == ARES_EDESTRUCTION || families == 0) return;
    --families;
    tell({.addresses = status == ARES_SUCCESS ? addresses_of(info) : std::vector<IpAddress>{},
          .unanswered = is_silence(status),
          .more = families > 0});
  }

  void out_of_time() {
    families = 0;
    close();
    tell({.unanswered = true});
  }

  void tell(LookupPart part) {
    loop.post([weak = weak_from_this(), part = std::move(part)] {
      const auto self = weak.lock();
      if (!self || !self->on_part) return;
      const auto fn = self->on_part;  // it may end the look-up
      if (!part.more) self->end();
      fn(part);
    });
  }

  // c-ares has moved on: its sockets are waited for, and the next thing it has to do by itself.
  void wait() {
    if (channel == nullptr) return;
    for (const auto& [fd, socket] : sockets) {
      if (socket->wants_read && !std::exchange(socket->waits_read, true)) {
        wait_for(fd, socket, asio::posix::stream_descriptor::wait_read);
      }
      if (socket->wants_write && !std::exchange(socket->waits_write, true)) {
        wait_for(fd, socket, asio::posix::stream_descriptor::wait_write);
      }
    }
    timeval left{};
    if (ares_timeout(channel, nullptr, &left) == nullptr) return retry.cancel();
    retry.after(std::chrono::seconds{left.tv_sec} + std::chrono::microseconds{left.tv_usec},
                [this] { step(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
  }

  void wait_for(int fd, const std::shared_ptr<Socket>& socket,
                asio::posix::stream_descriptor::wait_type what) {
    socket->descriptor.async_wait(
        what, [weak = weak_from_this(), socket, fd, what](const boost::system::error_code& ec) {
          const bool read = what == asio::posix::stream_descriptor::wait_read;
          (read ? socket->waits_read : socket->waits_write) = false;
          const auto self = weak.lock();
          if (ec || !self) return;
          // The number may be another socket's by now.
          const auto it = self->sockets.find(fd);
          if (it == self->sockets.end() || it->second != socket) return;
          self->step(read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
        });
  }

  void step(int readable, int writable) {
    if (channel == nullptr) return;
    ares_process_fd(channel, readable, writable);
    wait();
  }

  void close() {
    retry.cancel();
    limit.cancel();
    if (auto* open = std::exchange(channel, nullptr)) ares_destroy(open);
    sockets.clear();
  }

  void end() {
    on_part = nullptr;
    families = 0;
    close();
  }
};

Lookup::~Lookup() { impl_->end(); }

std::unique_ptr<Lookup> Resolver::look_up(const std::string& name, const std::string& asker,
                                          OnPart fn) {
  if (!limits_->take(asker)) return nullptr;
  auto impl = std::make_shared<Lookup::Impl>(loop_, limits_, asker, std::move(fn));
  impl->start(name, options_);
  return std::make_unique<Lookup>(std::move(impl));
}

namespace {

// Asio destroys it with the loop's context.
struct ResolverService : asio::execution_context::service {
  using key_type = ResolverService;
  static inline asio::execution_context::id id;
  explicit ResolverService(asio::io_context& context) : service(context) {}
  void shutdown() override {}

  std::optional<Resolver> resolver;
};

}  // namespace

Resolver& resolver_of(EventLoop& loop) {
  auto& resolver = asio::use_service<ResolverService>(loop.context()).resolver;
  if (!resolver) resolver.emplace(loop);
  return *resolver;
}

}  // namespace rap::io
