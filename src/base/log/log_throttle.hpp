// Which log lines are written of those that somebody else can cause at will. Of each reason (an
// event with its reason) the first lines are written in full: kLinesOfASource from each source and
// kLinesOfAReason in all, in every interval. The rest are counted, and said in one line when the
// interval ends: how many, from how many sources, and which was the loudest. A source that had more
// in one interval has none in full in the next. What is counted here is counted in the metrics too.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log/log.hpp"
#include "base/time.hpp"

namespace rap {

inline constexpr Duration kLogInterval = std::chrono::seconds{60};
inline constexpr std::size_t kLinesOfASource = 3;
inline constexpr std::size_t kLinesOfAReason = 20;
// A member's lines tell what happens to links that people watch.
inline constexpr std::size_t kLinesOfAMember = 60;
inline constexpr std::size_t kLinesOfAReasonOfMembers = 600;
inline constexpr std::size_t kMaxLogReasons = 64;  // further ones are all counted as kOtherReasons
inline constexpr std::size_t kMaxLogSources =
    256;  // of a reason; further ones are told apart no more
inline constexpr std::string_view kOtherReasons = "other";

class LogThrottle {
 public:
  struct LeftOut {
    std::string event;
    std::string reason;
    std::uint64_t lines = 0;
    std::size_t sources = 0;
    bool more_sources = false;  // than are counted
    std::string loudest;  // the source that had most of them
  };

  // Whether the line is to be written. What is due() is to be taken first.
  bool admit(const LogCause& cause, std::string_view event, MonoTime now);
  // The intervals that are over.
  std::vector<LeftOut> due(MonoTime now);
  // What was left out in all intervals, over or not.
  std::vector<LeftOut> rest();

  std::size_t reasons() const { return reasons_.size(); }
  std::uint64_t left_out() const { return left_out_; }  // since the beginning

 private:
  struct Source {
    std::uint64_t lines = 0;  // in this interval
    bool is_loud = false;  // it had too many in the last one
  };
  struct Reason {
    MonoTime began{};
    std::size_t of_a_source = 0;  // lines that are written in an interval
    std::size_t written = 0;
    std::uint64_t left_out = 0;
    bool more_sources = false;
    std::map<std::string, Source, std::less<>> sources;
  };
  using Key = std::pair<std::string, std::string>;

  static LeftOut summary(const Key& key, const Reason& reason);

  std::map<Key, Reason> reasons_;
  std::uint64_t left_out_ = 0;
};

}  // namespace rap
