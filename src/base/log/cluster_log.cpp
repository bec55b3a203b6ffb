#include "base/log/cluster_log.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rap {
namespace {

// An initializer_list has its length in its type of braces: one function for each length.
using Writer = void (*)(Log&, const LogCause* cause, LogLevel, std::string_view,
                        const LogField* fields, const LogField& cluster);

template <std::size_t... I>
void write_list(Log& log, const LogCause* cause, LogLevel level, std::string_view event,
                [[maybe_unused]] const LogField* fields, const LogField& cluster,
                std::index_sequence<I...>) {
  if (cause != nullptr) return log.write_caused(*cause, level, event, {fields[I]..., cluster});
  log.write(level, event, {fields[I]..., cluster});
}

template <std::size_t N>
void write_some(Log& log, const LogCause* cause, LogLevel level, std::string_view event,
                const LogField* fields, const LogField& cluster) {
  write_list(log, cause, level, event, fields, cluster, std::make_index_sequence<N>());
}

template <std::size_t... N>
constexpr std::array<Writer, sizeof...(N)> writers(std::index_sequence<N...>) {
  return {write_some<N>...};
}

constexpr auto kWriters = writers(std::make_index_sequence<kMaxLogFields + 1>());

}  // namespace

void ClusterLog::is_of(ClusterId cluster) {
  if (known_.load(std::memory_order_relaxed)) return;
  cluster_ = cluster.str();
  known_.store(true, std::memory_order_release);
}

void ClusterLog::write(LogLevel level, std::string_view event,
                       std::initializer_list<LogField> fields) {
  if (!known_.load(std::memory_order_acquire)) return log_.write(level, event, fields);
  const std::size_t count = std::min(fields.size(), kMaxLogFields);
  kWriters.at(count)(log_, nullptr, level, event, fields.begin(), LogField("cluster", cluster_));
}

void ClusterLog::write_caused(const LogCause& cause, LogLevel level, std::string_view event,
                              std::initializer_list<LogField> fields) {
  if (!known_.load(std::memory_order_acquire)) {
    return log_.write_caused(cause, level, event, fields);
  }
  const std::size_t count = std::min(fields.size(), kMaxLogFields);
  kWriters.at(count)(log_, &cause, level, event, fields.begin(), LogField("cluster", cluster_));
}

}  // namespace rap
