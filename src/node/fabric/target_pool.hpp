// The egress's connections to targets: plain TCP, written as far as the target takes it.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"
#include "io/stream/event_loop.hpp"
#include "node/router/egress_role.hpp"
#include "node/router/ports.hpp"

namespace rap::fabric {

inline constexpr std::chrono::milliseconds kTargetConnectTimeout{5000};
// A target whose flow has ended both ways may still take its last bytes for so long.
inline constexpr Duration kTargetLinger = std::chrono::seconds{30};

class TargetPool final : public router::TargetPort {
 public:
  explicit TargetPool(io::EventLoop& loop);
  ~TargetPool() override;
  void attach(router::EgressRole& egress) { egress_ = &egress; }

  void open(router::TargetId target, const std::string& host, std::uint16_t port) override;
  void write(router::TargetId target, ByteView data) override;
  void finish(router::TargetId target) override;
  void close(router::TargetId target) override;
  void resume(router::TargetId target) override;

  void expire(MonoTime now);

 private:
  class Target;
  void over(Target& target);
  void bury(std::unique_ptr<Target> target);

  io::EventLoop& loop_;
  router::EgressRole* egress_ = nullptr;
  std::unordered_map<router::TargetId, std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Target>> lingering_;  // their ids belong to newer flows
};

}  // namespace rap::fabric
