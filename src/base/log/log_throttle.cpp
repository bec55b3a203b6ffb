#include "base/log/log_throttle.hpp"

#include <algorithm>

namespace rap {

bool LogThrottle::admit(const LogCause& cause, std::string_view event, MonoTime now) {
  Key key{std::string(event), cause.reason};
  if (reasons_.size() >= kMaxLogReasons && !reasons_.contains(key)) {
    key = {std::string(kOtherReasons), {}};
  }
  const auto [at, fresh] = reasons_.try_emplace(std::move(key));
  Reason& reason = at->second;
  if (fresh) reason.began = now;
  const bool member = cause.who == LogCause::Who::member;
  reason.of_a_source = member ? kLinesOfAMember : kLinesOfASource;
  const std::size_t of_a_reason = member ? kLinesOfAReasonOfMembers : kLinesOfAReason;

  bool may_say = reason.written < of_a_reason;
  auto source = reason.sources.find(cause.source);
  if (source == reason.sources.end() && reason.sources.size() < kMaxLogSources) {
    source = reason.sources.emplace(cause.source, Source{}).first;
  }
  if (source == reason.sources.end()) {
    reason.more_sources = true;
    may_say = false;
  } else {
    ++source->second.lines;
    may_say = may_say && !source->second.is_loud && source->second.lines <= reason.of_a_source;
  }
  if (may_say) {
    ++reason.written;
  } else {
    ++reason.left_out;
    ++left_out_;
  }
  return may_say;
}

LogThrottle::LeftOut LogThrottle::summary(const Key& key, const Reason& reason) {
  LeftOut out;
  out.event = key.first;
  out.reason = key.second;
  out.lines = reason.left_out;
  out.more_sources = reason.more_sources;
  std::uint64_t most = 0;
  for (const auto& [source, heard] : reason.sources) {
    if (heard.lines == 0) continue;
    ++out.sources;
    if (heard.lines <= most) continue;
    most = heard.lines;
    out.loudest = source;
  }
  return out;
}

std::vector<LogThrottle::LeftOut> LogThrottle::due(MonoTime now) {
  std::vector<LeftOut> out;
  for (auto at = reasons_.begin(); at != reasons_.end();) {
    Reason& reason = at->second;
    if (now - reason.began < kLogInterval) {
      ++at;
      continue;
    }
    if (reason.left_out > 0) out.push_back(summary(at->first, reason));
    const bool was_loud = reason.left_out > 0;
    std::erase_if(reason.sources, [](const auto& entry) { return entry.second.lines == 0; });
    if (!was_loud || reason.sources.empty()) {
      at = reasons_.erase(at);
      continue;
    }
    for (auto& [source, heard] : reason.sources) {
      heard.is_loud = heard.lines > reason.of_a_source;
      heard.lines = 0;
    }
    reason.began = now;
    reason.written = 0;
    reason.left_out = 0;
    reason.more_sources = false;
    ++at;
  }
  return out;
}

std::vector<LogThrottle::LeftOut> LogThrottle::rest() {
  std::vector<LeftOut> out;
  for (const auto& [key, reason] : reasons_) {
    if (reason.left_out > 0) out.push_back(summary(key, reason));
  }
  reasons_.clear();
  return out;
}

}  // namespace rap
