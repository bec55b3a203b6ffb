// For tests: the world of AdapterSuite around the adapter in memory.
#pragma once

#include <memory>
#include <vector>

#include "adapters/contract/adapter_suite.hpp"
#include "adapters/contract/memory_adapter.hpp"

namespace rap::adapters {

class MemoryFarEnd final : public FarEnd {
 public:
  MemoryFarEnd(MemoryAdapter& adapter, std::shared_ptr<MemoryAdapter::Target> target)
      : adapter_(adapter), target_(std::move(target)) {}
  void say(std::string_view text) override { adapter_.say(*target_, text); }
  std::string read(std::size_t limit) override { return adapter_.take(*target_, limit); }
  bool has_end() override {
    return target_->taken == target_->received.size() && (target_->finished || target_->closed);
  }
  void end() override { adapter_.end(*target_); }
  void reset() override { adapter_.reset(*target_); }

 private:
  MemoryAdapter& adapter_;
  std::shared_ptr<MemoryAdapter::Target> target_;
};

// The host's name says what becomes of a connection to it.
class MemoryWorld {
 public:
  static constexpr auto kKind = policy::AdapterKind::tcp;

  MemoryAdapter& memory() { return adapter_; }
  Adapter& adapter() { return adapter_; }
  static ResourceRequest answering() { return request("answering"); }
  static ResourceRequest refusing() { return request("refusing"); }
  static ResourceRequest unreachable() { return request("unreachable"); }
  static ResourceRequest silent() { return request("silent"); }

  FarEnd* accepted() {
    if (next_ == far_ends_.size()) return nullptr;
    return far_ends_[next_++].get();
  }
  void run_until(const std::function<bool()>& done) {
    constexpr int kSteps = 1000;
    for (int i = 0; i < kSteps && !done(); ++i) {
      let_pass();
      time_out();
    }
  }
  void let_pass() {
    const auto opening = adapter_.opening;
    for (const TargetId id : opening) decide(id);
    while (adapter_.settle()) {
    }
  }

 private:
  static ResourceRequest request(const char* host) {
    ResourceRequest request;
    request.settings.host = host;
    return request;
  }
  void decide(TargetId id) {
    const auto target = adapter_.all.at(id);
    const std::string& host = target->request.settings.host;
    if (host == "refusing") return adapter_.fail(id, TargetFailure::refused);
    if (host == "unreachable") return adapter_.fail(id, TargetFailure::unreachable);
    if (host != "answering") return;
    far_ends_.push_back(std::make_unique<MemoryFarEnd>(adapter_, target));
    adapter_.accept(id);
  }
  void time_out() {
    const auto opening = adapter_.opening;
    for (const TargetId id : opening) adapter_.fail(id, TargetFailure::timeout);
  }

  MemoryAdapter adapter_;
  std::vector<std::unique_ptr<MemoryFarEnd>> far_ends_;
  std::size_t next_ = 0;
};

}  // namespace rap::adapters
