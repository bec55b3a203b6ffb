#include "policy/addresses/names.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "policy/addresses/ip_address.hpp"

namespace rap::policy {
namespace {

constexpr std::size_t kMaxLabelBytes = 63;      // RFC 1035 §2.3.4
constexpr std::size_t kMaxLocalPartBytes = 64;  // RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxHostKeyBytes = 2048;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_dns_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabelBytes) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxHostBytes) return false;
  // "1.2.3" is neither an address nor a name anybody owns: resolvers read it as 1.2.0.3.
  const std::string_view last = name.substr(name.rfind('.') + 1);
  if (std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; })) return false;
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_dns_label(name.substr(0, dot))) return false;
    if (dot == name.npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

const char* check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return "must have 1 to 63 characters";
  if (!is_alnum(name.front())) return "must start with a letter or a digit";
  if (!std::ranges::all_of(
          name, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
    return "may contain only the letters a to z and A to Z, digits, '.', '_' and '-'";
  }
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (parse_uuid(lower)) return "must not look like an id";
  return nullptr;
}

const char* check_email(std::string_view email) {
  constexpr const char* kWrong = "must be an email address such as ada@example.org";
  if (email.size() > kMaxEmailBytes) return "must have at most 254 characters";
  const std::size_t at = email.find('@');
  if (at == email.npos || at == 0 || at > kMaxLocalPartBytes) return kWrong;
  constexpr std::string_view kLocalSymbols = ".!#$%&'*+-/=?^_`{|}~";  // RFC 5322 §3.2.3
  const std::string_view local = email.substr(0, at);
  if (!std::ranges::all_of(local, [&](char c) {
        return is_alnum(c) || kLocalSymbols.find(c) != kLocalSymbols.npos;
      })) {
    return kWrong;
  }
  return is_dns_name(email.substr(at + 1)) ? nullptr : kWrong;
}

std::string normalize_email(std::string_view email) {
  std::string out(email);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

const char* check_password(std::string_view password) {
  // Code points, of whatever script: bytes that go on with one are not counted.
  const auto characters = std::ranges::count_if(
      password, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  return static_cast<std::size_t>(characters) < kMinPasswordCharacters
             ? "must have at least 10 characters"
             : nullptr;
}

const char* check_host(std::string_view host) {
  if (IpAddress::parse(host) || is_dns_name(host)) return nullptr;
  return "must be a host name or an IP address";
}

// What "ends in a number" is none of a name (WHATWG URL §3.5): inet_aton() would take it.
bool is_numeric_host(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.starts_with("0x") || last.starts_with("0X")) {
    last.remove_prefix(2);
    return std::ranges::all_of(last, is_hex_digit);
  }
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

const char* check_target_name(std::string_view host) {
  if (const char* wrong = check_host(host)) return wrong;
  const bool is_number = !IpAddress::parse(host) && is_numeric_host(host);
  return is_number ? "must be a host name or an IP address in its usual form" : nullptr;
}

const char* check_target_host(std::string_view host) {
  if (const char* wrong = check_target_name(host)) return wrong;
  const auto address = IpAddress::parse(host);
  const bool refused =
      address && (address->is_unspecified() || address->is_link_local() || address->is_multicast());
  return refused ? "must not be an unspecified, link-local or multicast address" : nullptr;
}

const char* check_ssh_host_key(std::string_view key) {
  constexpr const char* kWrong =
      "must be one line of an OpenSSH public key file, such as \"ssh-ed25519 AAAA…\"";
  if (key.size() > kMaxHostKeyBytes || key.find_first_of("\r\n") != key.npos) return kWrong;
  const std::size_t space = key.find(' ');
  if (space == key.npos) return kWrong;
  const std::string_view type = key.substr(0, space);
  std::string_view blob = key.substr(space + 1);
  blob = blob.substr(0, blob.find(' '));
  if (!type.starts_with("ssh-") && !type.starts_with("ecdsa-sha2-")) return kWrong;
  const auto bytes = from_base64(blob);
  if (!bytes) return kWrong;
  ByteReader in(*bytes);  // RFC 4253 §6.6: the blob repeats its type
  return in.u16() == 0 && as_text(in.field16()) == type && !in.failed() ? nullptr : kWrong;
}

}  // namespace rap::policy
