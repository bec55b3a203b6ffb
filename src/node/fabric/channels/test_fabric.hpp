// For tests of the shell over real sockets: a router whose targets are never opened, and pairs of
// connected streams, one end of which speaks whatever a test wants it to.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "adapters/contract/adapter_set.hpp"
#include "base/seeded_random.hpp"
#include "io/http/server/test_http.hpp"
#include "io/listeners/stream_listener.hpp"
#include "io/loop/test_loop.hpp"
#include "io/stream/tls_stream.hpp"
#include "io/system/system.hpp"
#include "node/fabric/channels/queue_output.hpp"
#include "node/router/router.hpp"

namespace rap::fabric {

// Tells whoever empties a link that there is something to send, as Fabric does.
class TestLinks final : public router::LinkPort {
 public:
  void flush(router::LinkId link) override {
    if (const auto it = senders.find(link); it != senders.end()) it->second->flush();
  }
  void read_on(router::LinkId client) override {
    if (const auto it = senders.find(client); it != senders.end()) it->second->read_on();
  }
  void left(router::LinkId) override {}
  void wake_at(MonoTime) override {}
  void routes_at(MonoTime) override {}
  std::map<router::LinkId, LinkSender*> senders;
};

// A router as it is before its first configuration.
struct TestRouter {
  SeededRandom rng{1};
  TestLinks links;
  router::Router router{links, adapters::AdapterSet{}, rng, io::wall_now()};
};

// Connections from a blocking peer to a plain stream on the loop.
class StreamPairs {
 public:
  explicit StreamPairs(io::TestLoop& world) : world_(world) {
    world_.run([this] {
      listener_.emplace(world_.loop, "127.0.0.1", 0, [this](int fd, const std::string&) {
        std::lock_guard lock(mutex_);
        accepted_.push_back(fd);
        came_.notify_all();
      });
      port_ = listener_->port();
    });
  }
  ~StreamPairs() {
    world_.run([this] { listener_.reset(); });
  }

  // `peer` is the blocking end; make(fd) is called on the loop, and owns the other.
  template <class Make>
  std::unique_ptr<io::RawConnection> connect(Make make) {
    auto peer = std::make_unique<io::RawConnection>(port_);
    std::unique_lock lock(mutex_);
    came_.wait(lock, [this] { return !accepted_.empty(); });
    const int fd = accepted_.front();
    accepted_.pop_front();
    lock.unlock();
    world_.run([&] { make(fd); });
    return peer;
  }

 private:
  io::TestLoop& world_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<int> accepted_;
  std::optional<io::StreamListener> listener_;
  std::uint16_t port_ = 0;
};

inline std::string frame_text(wire::FrameType type, std::string_view payload,
                              std::uint32_t label = 0,
                              wire::TrafficClass c = wire::TrafficClass::fabric_control) {
  std::string frame(wire::kFrameHeader, '\0');
  wire::encode_header({type, c, static_cast<std::uint16_t>(payload.size()), label},
                      reinterpret_cast<std::uint8_t*>(frame.data()));
  return frame + std::string(payload);
}

}  // namespace rap::fabric
