// For AdapterSuite: the two ends between which an adapter is tried, the egress and the far end.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "adapters/contract/adapter.hpp"

namespace rap::adapters {

// The other side of a target, as the test sees it.
class FarEnd {
 public:
  virtual ~FarEnd() = default;
  virtual void say(std::string_view text) = 0;
  virtual std::string read(std::size_t limit) = 0;  // of what has arrived; what is left waits
  virtual bool has_end() = 0;  // everything is read, and no more comes
  virtual void end() = 0;  // says no more, still reads
  virtual void reset() = 0;
};

// An egress that writes down what it is told, and takes as much as the test lets it.
struct RecordingEvents final : TargetEvents {
  struct Seen {
    int opened = 0;
    std::optional<TargetFailure> failed;
    std::string data;
    std::size_t room = SIZE_MAX;
    int offers = 0;
    std::size_t consumed = 0;
    int ended = 0;
    int lost = 0;
    int calls = 0;
  };
  std::map<TargetId, Seen> seen;
  std::function<void(TargetId)> on_data;
  std::function<void(TargetId)> on_end;

  void target_opened(TargetId target) override { ++touch(target).opened; }
  void target_failed(TargetId target, TargetFailure failure) override {
    touch(target).failed = failure;
  }
  std::size_t target_data(TargetId target, ByteView data) override {
    Seen& s = touch(target);
    ++s.offers;
    const std::size_t n = std::min(data.size(), s.room);
    s.data += as_text(data.first(n));
    s.room -= n;
    if (on_data) on_data(target);
    return n;
  }
  void target_consumed(TargetId target, std::size_t n) override { touch(target).consumed += n; }
  void target_ended(TargetId target) override {
    ++touch(target).ended;
    if (on_end) on_end(target);
  }
  void target_lost(TargetId target, TargetFailure how) override {
    Seen& s = touch(target);
    ++s.lost;
    s.failed = how;
  }

 private:
  Seen& touch(TargetId target) {
    ++seen[target].calls;
    return seen[target];
  }
};

}  // namespace rap::adapters
