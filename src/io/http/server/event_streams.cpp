#include "io/http/server/event_streams.hpp"

#include <utility>

namespace rap::io {

EventMailbox::EventMailbox(EventLoop& loop, std::weak_ptr<Reader> reader)
    : reader_(std::move(reader)), loop_(&loop) {}

void EventMailbox::send(const std::string& key, const wire::SseEvent& event) { put(key, event); }

void EventMailbox::send_or(const std::string& key, const wire::SseEvent& event,
                           const wire::SseEvent& if_busy) {
  auto text = wire::format_sse(event);
  auto other = wire::format_sse(if_busy);
  if (!text || !other) return;
  put({key, std::make_shared<const std::string>(std::move(*text)),
       std::make_shared<const std::string>(std::move(*other))});
}

void EventMailbox::send_to_all(const wire::SseEvent& event) { put(std::nullopt, event); }

void EventMailbox::put(std::optional<std::string> key, const wire::SseEvent& event) {
  auto text = wire::format_sse(event);
  if (text) put({std::move(key), std::make_shared<const std::string>(std::move(*text))});
}

void EventMailbox::end(const std::string& key) { put({key, nullptr}); }

std::vector<std::string> EventMailbox::open_streams() const {
  const std::lock_guard lock(mutex_);
  return {open_.begin(), open_.end()};
}

void EventMailbox::opened(const std::string& key) {
  const std::lock_guard lock(mutex_);
  open_.insert(key);
}

void EventMailbox::closed(const std::string& key) {
  const std::lock_guard lock(mutex_);
  open_.erase(key);
}

void EventMailbox::put(Letter letter) {
  const std::lock_guard lock(mutex_);
  if (loop_ == nullptr) return;
  if (letters_.size() >= kMaxEventLetters) letters_.pop_front();
  letters_.push_back(std::move(letter));
  if (letters_.size() > 1) return;  // the loop has been told
  loop_->post([self = shared_from_this()] { self->empty(); });
}

void EventMailbox::empty() {
  std::deque<Letter> letters;
  {
    const std::lock_guard lock(mutex_);
    letters.swap(letters_);
  }
  const auto reader = reader_.lock();
  if (!reader) return;
  for (const Letter& letter : letters) reader->deliver(letter);
}

void EventMailbox::close() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
  letters_.clear();
}

}  // namespace rap::io
