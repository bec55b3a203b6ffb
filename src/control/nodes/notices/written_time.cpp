#include "control/nodes/notices/written_time.hpp"

#include <chrono>

namespace rap::control {

std::string date_of(WallTime time) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::floor<std::chrono::days>(time.time_since_epoch())}};
  const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two(static_cast<unsigned>(date.month())) + "-" + two(static_cast<unsigned>(date.day()));
}

std::string minute_of(WallTime time) {
  const std::chrono::hh_mm_ss of_day{std::chrono::floor<std::chrono::minutes>(
      time.time_since_epoch() - std::chrono::floor<std::chrono::days>(time.time_since_epoch()))};
  const auto two = [](auto n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return date_of(time) + " " + two(of_day.hours().count()) + ":" + two(of_day.minutes().count()) +
         " UTC";
}

}  // namespace rap::control
