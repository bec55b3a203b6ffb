// A double of an adapter, over memory: the test is the far end of every target. It opens or refuses
// them, takes what was written and says things, when it pleases.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/contract/adapter.hpp"

namespace rap::adapters {

class MemoryAdapter final : public Adapter {
 public:
  struct Target {
    TargetId id = 0;
    ResourceRequest request;
    std::string received;  // everything that was written
    std::size_t taken = 0;  // of it, by the far end
    bool finished = false;  // no more will be written
    bool closed = false;
    bool released = false;
    int resumed = 0;

    std::string said;  // by the far end and not taken by the egress yet
    bool opened = false;
    bool paused = false;
    bool ended = false;  // the far end says no more
    bool end_told = false;
    bool over = false;  // nothing is told any more

    std::string address() const {
      return request.settings.host + ":" + std::to_string(request.settings.port);
    }
  };
  // The last target of each number, also when it is over. A test may forget them.
  std::map<TargetId, std::shared_ptr<Target>> all;
  std::deque<TargetId> opening;

  // --- the egress's side ---
  void attach(TargetEvents& events) override { events_ = &events; }
  void open(TargetId target, const ResourceRequest& request) override;
  void write(TargetId target, ByteView data) override;
  void finish(TargetId target) override;
  void resume(TargetId target) override;
  void close(TargetId target) override;
  void release(TargetId target) override;

  // --- the far end's side ---
  void accept(TargetId target);
  void fail(TargetId target, TargetFailure failure);
  void say(Target& target, std::string_view text);
  std::string take(Target& target, std::size_t limit);  // of what was written
  void end(Target& target);  // says no more, still takes
  void reset(Target& target);  // breaks the connection
  // Tells what has waited to be told. False: there was nothing.
  bool settle();

 private:
  Target* find(TargetId id);
  bool settle(Target& target);

  TargetEvents* events_ = nullptr;
};

}  // namespace rap::adapters
