// Looking up the addresses of a name, by c-ares on the event loop: the hosts file, then DNS with
// both families at once. No thread waits, each look-up stands alone, and how many there are at once
// is bounded for each asker (dialling/lookup_limits.hpp).
//
// Each look-up has a channel of c-ares of its own. It can so be ended with whoever asked, asks from
// a port that nobody could learn, and sees a resolv.conf that changed. Nothing is remembered: an
// answer that outlived its TTL would send sessions where the name no longer leads, and a resolver
// that caches belongs beside the nodes, not into each of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dialling/lookup_limits.hpp"
#include "io/loop/event_loop.hpp"
#include "policy/addresses/ip_address.hpp"

namespace rap::io {

inline constexpr std::chrono::milliseconds kLookupLimit{4000};  // whatever the nameservers do
// A nameserver that is silent for so long is asked again, or the next one is; twice as long then.
inline constexpr std::chrono::milliseconds kNameserverPatience{1000};
inline constexpr int kNameserverTries = 3;
// The addresses of one family. Whoever owns a name decides how many addresses its answer has.
inline constexpr std::size_t kMaxFoundAddresses = 16;

struct ResolverOptions {
  std::string resolv_conf = {};  // a path; empty: the system's
  std::uint16_t port = 0;  // of the nameservers; 0: theirs by rights
  std::chrono::milliseconds limit = kLookupLimit;
};

// What one family, or the hosts file, had to say.
struct LookupPart {
  std::vector<policy::IpAddress> addresses = {};
  bool unanswered = false;  // no nameserver answered in time
  bool more = false;  // the other family is still looked up
};

// Destroying it ends the look-up; nothing is told any more.
class Lookup {
 public:
  struct Impl;
  explicit Lookup(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  std::shared_ptr<Impl> impl_;
};

class Resolver {
 public:
  using OnPart = std::function<void(const LookupPart&)>;

  explicit Resolver(EventLoop& loop) : loop_(loop) {}

  void set_options(ResolverOptions options) { options_ = std::move(options); }
  // `fn` is called once or twice, never from within. `asker` is who is to answer for it; empty: the
  // program itself. nullptr: that one has too many look-ups under way.
  std::unique_ptr<Lookup> look_up(const std::string& name, const std::string& asker, OnPart fn);
  std::size_t under_way() const { return limits_->under_way(); }

 private:
  EventLoop& loop_;
  ResolverOptions options_;
  std::shared_ptr<dialling::LookupLimits> limits_ = std::make_shared<dialling::LookupLimits>();
};

// The resolver of everything that connects from this loop, which owns it.
Resolver& resolver_of(EventLoop& loop);

}  // namespace rap::io
