// Server-Sent Events (WHATWG HTML §9.2) to and from text, without sockets. A stream of events that
// cannot be told apart from noise within bounds is refused: whoever reads it reconnects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rap::wire {

inline constexpr std::size_t kMaxSseEventBytes = 64 * 1024;  // type, data, id and the line at hand

struct SseEvent {
  std::string type = "message";
  std::string data;
  std::string id;  // the last one the stream gave, also for events that came without
  bool operator==(const SseEvent&) const = default;
};

class SseParser {
 public:
  // Appends what is complete to `out`. False when an event is larger than kMaxSseEventBytes; then
  // the parser takes no more.
  bool feed(std::string_view text, std::vector<SseEvent>& out);

  const std::string& last_id() const { return last_id_; }  // to resume from
  std::optional<std::uint32_t> retry_ms() const { return retry_ms_; }  // as the server asked
  std::uint64_t comments() const { return comments_; }  // pings are comments

 private:
  void end_of_line(std::vector<SseEvent>& out);
  void field(std::string_view name, std::string_view value);

  std::string line_;
  std::string type_;
  std::string data_;
  std::string last_id_;
  std::string id_;  // becomes last_id_ at the end of the event
  std::optional<std::uint32_t> retry_ms_;
  std::uint64_t comments_ = 0;
  std::size_t begun_ = 0;  // bytes of a byte order mark at the start seen so far, 3 when decided
  bool after_return_ = false;  // a line feed now belongs to the line before
  bool failed_ = false;
};

// The event as it goes over the wire; nullopt when its type or id has a line break, or the id a
// NUL. An empty type or id is left out.
std::optional<std::string> format_sse(const SseEvent& event);
inline constexpr std::string_view kSsePing = ": ping\n\n";

}  // namespace rap::wire
