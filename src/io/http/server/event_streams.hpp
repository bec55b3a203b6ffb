// Streams of events that an HTTP server keeps open (Server-Sent Events): one for each key, a new
// one in the place of the old. An event is a hint that may be lost: a stream whose peer is slow
// holds kMaxQueuedEvents and drops the oldest, and whoever is not connected gets nothing. One with
// data can say what is sent in its place where something waits already, so that a slow peer never
// holds more than one of them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/counter.hpp"
#include "io/loop/event_loop.hpp"
#include "wire/http/sse.hpp"

namespace rap::io {

inline constexpr std::size_t kMaxQueuedEvents = 256;          // one stream holds as many
inline constexpr std::size_t kMaxEventLetters = 64 * 1024;  // sent, and not yet taken by the loop

struct EventStreamCounters {
  Counter open;  // now
  Counter opened;
  Counter replaced;  // a newer one of the same key took their place
  Counter dropped;  // events, from full queues
  Counter cut;  // streams whose peer took nothing for a ping interval
};

// A sender may be used from any thread, for as long as anybody holds it; it has no effect once the
// server is gone. An event that cannot be written (see format_sse) is not sent.
class EventSender {
 public:
  virtual ~EventSender() = default;
  virtual void send(const std::string& key, const wire::SseEvent& event) = 0;
  // The second goes to a stream in which an event waits.
  virtual void send_or(const std::string& key, const wire::SseEvent& event,
                       const wire::SseEvent& if_busy) = 0;
  virtual void send_to_all(const wire::SseEvent& event) = 0;
  virtual void end(const std::string& key) = 0;  // closes the stream; its peer may open another
  virtual std::vector<std::string> open_streams() const = 0;  // by their keys
};

// What was sent and waits for the loop; many sends make one turn of it.
class EventMailbox final : public EventSender, public std::enable_shared_from_this<EventMailbox> {
 public:
  struct Letter {
    std::optional<std::string> key;  // nullopt: everybody
    std::shared_ptr<const std::string> text;  // null: the stream of the key is to end
    std::shared_ptr<const std::string> if_busy = {};  // null: the text all the same
  };
  class Reader {
   public:
    virtual ~Reader() = default;
    virtual void deliver(const Letter& letter) = 0;  // called on the loop's thread
  };

  EventMailbox(EventLoop& loop, std::weak_ptr<Reader> reader);
  void send(const std::string& key, const wire::SseEvent& event) override;
  void send_or(const std::string& key, const wire::SseEvent& event,
               const wire::SseEvent& if_busy) override;
  void send_to_all(const wire::SseEvent& event) override;
  void end(const std::string& key) override;
  std::vector<std::string> open_streams() const override;
  // The reader says which there are.
  void opened(const std::string& key);
  void closed(const std::string& key);
  void close();  // the loop may go away after this

 private:
  void put(std::optional<std::string> key, const wire::SseEvent& event);
  void put(Letter letter);
  void empty();

  const std::weak_ptr<Reader> reader_;
  mutable std::mutex mutex_;
  EventLoop* loop_;  // null once closed
  std::deque<Letter> letters_;
  std::set<std::string> open_;
};

}  // namespace rap::io
