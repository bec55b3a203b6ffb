#include "base/time_text.hpp"

#include <array>
#include <cstdio>

namespace rap {

std::string rfc3339(WallTime time) {
  using namespace std::chrono;
  const sys_seconds t{time.time_since_epoch()};
  const year_month_day date{floor<days>(t)};
  const hh_mm_ss clock{t - floor<days>(t)};
  std::array<char, 96> out{};
  std::snprintf(out.data(), out.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ldZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<long>(clock.hours().count()),
                static_cast<long>(clock.minutes().count()),
                static_cast<long>(clock.seconds().count()));
  return out.data();
}

std::string span_text(std::chrono::seconds span) {
  using namespace std::chrono;
  const seconds s = abs(span);
  if (s < minutes{2}) return std::to_string(s.count()) + " s";
  if (s < hours{2}) return std::to_string(floor<minutes>(s).count()) + " min";
  if (s < days{2}) return std::to_string(floor<hours>(s).count()) + " h";
  return std::to_string(floor<days>(s).count()) + " d";
}

}  // namespace rap
