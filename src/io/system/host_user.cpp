#include "io/system/host_user.hpp"

#include <charconv>
#include <vector>

#include <pwd.h>

namespace rap::io {
namespace {

constexpr std::size_t kUserEntryBytes = std::size_t{64} * 1024;

}  // namespace

std::expected<uid_t, std::string> find_uid(const std::string& user) {
  uid_t number = 0;
  const char* end = user.data() + user.size();
  if (const auto parsed = std::from_chars(user.data(), end, number);
      parsed.ec == std::errc{} && parsed.ptr == end && number != static_cast<uid_t>(-1)) {
    return number;
  }
  std::vector<char> buffer(kUserEntryBytes);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::unexpected("there is no user '" + user + "' on this host");
  return found->pw_uid;
}

}  // namespace rap::io
