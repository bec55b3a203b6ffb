#include "control/nodes/public_certificate.hpp"

#include "base/encoding.hpp"
#include "control/http/json_reply.hpp"

namespace rap::control {
namespace {

constexpr std::size_t kKeyHexDigits = 64;

std::optional<WallTime> time_in(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end() || !it->is_number_integer()) return std::nullopt;
  return from_unix(it->get<std::int64_t>());
}

}  // namespace

std::optional<PublicCertificate> public_certificate_of(const Node& node) {
  const Json metadata = parse_stored(node.metadata);
  const auto said = metadata.find("public_certificate");
  if (said == metadata.end() || !said->is_object()) return std::nullopt;
  const auto from = time_in(*said, "not_before");
  const auto until = time_in(*said, "not_after");
  const auto keys = said->find("keys");
  if (!from || !until || keys == said->end() || !keys->is_array()) return std::nullopt;
  PublicCertificate out{{}, {*from, *until}};
  for (const Json& key : *keys) {
    if (!key.is_string() || out.keys.size() == kMaxPublicKeys) return std::nullopt;
    const auto& text = key.get_ref<const std::string&>();
    if (text.size() != kKeyHexDigits || !from_hex(text)) return std::nullopt;
    out.keys.push_back(text);
  }
  if (out.keys.empty()) return std::nullopt;
  return out;
}

}  // namespace rap::control
