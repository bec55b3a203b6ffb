#include "client/command/duration.hpp"

#include <charconv>

namespace rap::client {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMaxAmount = 1'000'000'000;
  std::int64_t amount = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, amount);
  if (parsed.ec != std::errc{} || amount <= 0 || amount > kMaxAmount) return std::nullopt;
  const std::string_view unit(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  if (unit.empty() || unit == "s") return std::chrono::seconds{amount};
  if (unit == "m") return std::chrono::minutes{amount};
  if (unit == "h") return std::chrono::hours{amount};
  if (unit == "d") return std::chrono::days{amount};
  return std::nullopt;
}

}  // namespace rap::client
