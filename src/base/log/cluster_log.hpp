// A log whose every line says of which cluster it speaks, once that is known. It is handed, in
// place of the program's own, to whatever works for one cluster.
#pragma once

#include <atomic>
#include <string>

#include "base/ids.hpp"
#include "base/log/log.hpp"

namespace rap {

// Fields that a line may have besides the cluster; those beyond are left out. No line has as many.
inline constexpr std::size_t kMaxLogFields = 15;

class ClusterLog final : public Log {
 public:
  // `log` must outlive it.
  ClusterLog(Log& log, ClusterId cluster) : log_(log) { is_of(cluster); }
  explicit ClusterLog(Log& log) : log_(log) {}

  // The first answer stays: a program works for one cluster until it ends.
  void is_of(ClusterId cluster);

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;
  void write_caused(const LogCause& cause, LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) override;
  void catch_up() override { log_.catch_up(); }

 private:
  Log& log_;
  std::string cluster_;             // is written once, before known_
  std::atomic<bool> known_{false};  // other threads may be writing lines
};

}  // namespace rap
