#include "node/agent/link/pulls/object_fetch.hpp"

#include <algorithm>
#include <utility>

#include "node/agent/link/calls/node_api.hpp"
#include "wire/http/byte_range.hpp"

namespace rap::agent {

void ObjectFetch::start(MonoTime now, std::vector<ObjectName> objects) {
  stop();
  queue_.assign(std::make_move_iterator(objects.begin()), std::make_move_iterator(objects.end()));
  if (queue_.empty()) return;
  deadline_ = now + kFetchDeadline;
  poller_.hurry(now);
}

void ObjectFetch::stop() {
  queue_.clear();
  bytes_.clear();
  deadline_ = Poller::kNever;
  stale_ = outstanding_;
}

MonoTime ObjectFetch::next_wakeup() const {
  return busy() ? std::min(poller_.next(), deadline_) : Poller::kNever;
}

LinkActions ObjectFetch::poll(MonoTime now) {
  if (!busy() || outstanding_ || !poller_.due(now)) return {};
  poller_.begin();
  outstanding_ = true;
  const ObjectName& object = queue_.front();
  asked_ = std::min(kObjectPart, object.size - bytes_.size());
  return {SendToControl{ControlCall::get_object,
                        object_request(object.kind, object.name, bytes_.size(), asked_)}};
}

std::expected<std::optional<ObjectFetch::Done>, std::string> ObjectFetch::on_answer(
    MonoTime now, const Answer& answer, RandomSource& rng) {
  outstanding_ = false;
  if (std::exchange(stale_, false) || !busy()) {
    poller_.succeeded(now, rng);
    if (busy()) poller_.hurry(now);
    return std::nullopt;
  }
  const ObjectName& object = queue_.front();
  const auto give_up = [&](const char* why) {
    poller_.succeeded(now, rng);
    const std::string name = object.name;
    stop();
    return std::unexpected(std::string(why) + ": object " + name);
  };
  if (!answer || answer->status >= 500 || answer->status == 429) {
    poller_.failed(now, rng);  // what came so far is kept
    return std::nullopt;
  }
  if (answer->status == 200) {  // the whole of it, whatever was asked for
    if (answer->body.size() != object.size) return give_up("endless_data");
    bytes_ = answer->body;
  } else if (answer->status == 206) {
    const auto range = wire::parse_content_range(answer->header("content-range"));
    if (!range || range->first != bytes_.size() || range->size != object.size) {
      return give_up("wrong_range");
    }
    if (answer->body.size() != range->last - range->first + 1 || answer->body.size() > asked_) {
      return give_up("endless_data");
    }
    bytes_ += answer->body;
  } else {
    return give_up("no_such_object");
  }
  poller_.succeeded(now, rng);
  if (bytes_.size() < object.size) {
    poller_.hurry(now);
    return std::nullopt;
  }
  Done done{std::move(queue_.front()), std::exchange(bytes_, {})};
  queue_.pop_front();
  if (busy()) {
    poller_.hurry(now);
  } else {
    deadline_ = Poller::kNever;
  }
  return done;
}

bool ObjectFetch::timed_out(MonoTime now) {
  if (!busy() || now < deadline_) return false;
  stop();
  return true;
}

}  // namespace rap::agent
