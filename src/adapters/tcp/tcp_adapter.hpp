// The adapter for plain TCP: a connection to the resource's host and port, whose bytes pass as they
// are.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "adapters/contract/adapter.hpp"
#include "base/time.hpp"
#include "io/loop/event_loop.hpp"
#include "policy/addresses/ip_address.hpp"

namespace rap::adapters {

struct TcpTimes {
  std::chrono::milliseconds connect{5000};
  // A target whose flow is done both ways may still take its last bytes for so long.
  Duration linger = std::chrono::seconds{30};
};

// What may linger, of all organizations: beyond either the one with most loses its oldest.
struct LingeringBounds {
  std::size_t targets = 4096;
  std::size_t bytes = std::size_t{256} * 1024 * 1024;  // that they have not taken yet
};

// Whether a connection for the resource may go to an address that its host has.
using TargetJudge =
    std::function<bool(const ResourceRequest& request, const policy::IpAddress& address)>;

class TcpAdapter final : public Adapter {
 public:
  // Every address is asked of `judge` after it was looked up and before it is dialled.
  TcpAdapter(io::EventLoop& loop, TargetJudge judge, TcpTimes times = {},
             LingeringBounds bounds = {});
  ~TcpAdapter() override;

  void attach(TargetEvents& events) override { events_ = &events; }
  void open(TargetId target, const ResourceRequest& request) override;
  void write(TargetId target, ByteView data) override;
  void finish(TargetId target) override;
  void resume(TargetId target) override;
  void close(TargetId target) override;
  void release(TargetId target) override;

  // Closes those that have lingered too long; about once a second.
  void expire(MonoTime now);
  // Loses the targets whose address is no longer one that may be dialled.
  void judge_again();
  std::size_t open_targets() const { return targets_.size() + lingering_.size(); }

 private:
  class Target;
  std::unique_ptr<Target> take(const Target& target);
  void bury(std::unique_ptr<Target> target);
  bool end_one_too_many();

  io::EventLoop& loop_;
  TargetJudge judge_;
  TcpTimes times_;
  LingeringBounds bounds_;
  TargetEvents* events_ = nullptr;
  std::unordered_map<TargetId, std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<Target>> lingering_;  // released: their ids may belong to others
};

}  // namespace rap::adapters
