#include "adapters/contract/memory_adapter.hpp"

#include <algorithm>
#include <utility>

namespace rap::adapters {

MemoryAdapter::Target* MemoryAdapter::find(TargetId id) {
  const auto it = all.find(id);
  return it == all.end() ? nullptr : it->second.get();
}

void MemoryAdapter::open(TargetId id, const ResourceRequest& request) {
  auto target = std::make_shared<Target>();
  target->id = id;
  target->request = request;
  all[id] = std::move(target);
  opening.push_back(id);
}

void MemoryAdapter::write(TargetId id, ByteView data) {
  if (Target* target = find(id)) target->received += as_text(data);
}

void MemoryAdapter::finish(TargetId id) {
  if (Target* target = find(id)) target->finished = true;
}

void MemoryAdapter::resume(TargetId id) {
  Target* target = find(id);
  if (target == nullptr) return;
  ++target->resumed;
  target->paused = false;
}

void MemoryAdapter::close(TargetId id) {
  Target* target = find(id);
  if (target == nullptr) return;
  std::erase(opening, id);
  target->closed = true;
  target->over = true;
}

void MemoryAdapter::release(TargetId id) {
  Target* target = find(id);
  if (target == nullptr) return;
  target->released = true;
  target->over = true;
}

void MemoryAdapter::accept(TargetId id) {
  std::erase(opening, id);
  all.at(id)->opened = true;
  events_->target_opened(id);
}

void MemoryAdapter::fail(TargetId id, TargetFailure failure) {
  std::erase(opening, id);
  all.at(id)->over = true;
  events_->target_failed(id, failure);
}

void MemoryAdapter::say(Target& target, std::string_view text) {
  target.said += text;
  settle(target);
}

std::string MemoryAdapter::take(Target& target, std::size_t limit) {
  std::string text = target.received.substr(target.taken, limit);
  target.taken += text.size();
  if (!target.over && !text.empty()) events_->target_consumed(target.id, text.size());
  return text;
}

void MemoryAdapter::end(Target& target) {
  target.ended = true;
  settle(target);
}

void MemoryAdapter::reset(Target& target) {
  if (std::exchange(target.over, true)) return;
  events_->target_lost(target.id, TargetFailure::reset);
}

bool MemoryAdapter::settle() {
  const auto now = all;  // what is told may open and close others
  bool told = false;
  for (const auto& [id, target] : now) told = settle(*target) || told;
  return told;
}

bool MemoryAdapter::settle(Target& target) {
  if (target.over || !target.opened || target.paused) return false;
  bool told = false;
  if (!target.said.empty()) {
    const std::size_t taken = events_->target_data(target.id, as_bytes(target.said));
    target.said.erase(0, taken);
    target.paused = !target.said.empty();
    told = true;
  }
  if (target.over || target.paused || !target.ended) return told;
  if (!std::exchange(target.end_told, true)) {
    events_->target_ended(target.id);
    told = true;
  }
  if (target.over || !target.finished || target.taken < target.received.size()) return told;
  target.over = true;
  events_->target_lost(target.id, TargetFailure::reset);
  return true;
}

}  // namespace rap::adapters
