#include "policy/addresses/blocklist_kind.hpp"

#include "base/ids.hpp"
#include "policy/addresses/ip_prefix.hpp"

namespace rap::policy {

std::expected<std::string, std::string> blocklist_value(BlocklistKind kind, std::string_view text) {
  if (kind == BlocklistKind::ip) {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix) {
      return std::unexpected(
          "An address is like 203.0.113.7 or 2001:db8::7, a block of them like 203.0.113.0/24.");
    }
    if (prefix->bits < (prefix->address.v6 ? kWidestBlockV6 : kWidestBlockV4)) {
      return std::unexpected("This block is too wide; the widest are /" +
                             std::to_string(kWidestBlockV4) + ", and /" +
                             std::to_string(kWidestBlockV6) + " of IPv6.");
    }
    return prefix->str();
  }
  if (!parse_uuid(text)) {
    return std::unexpected("A " + std::string(to_string(kind)) +
                           " is named by its id, a UUID in lower case.");
  }
  return std::string(text);
}

}  // namespace rap::policy
