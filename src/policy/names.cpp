#include "policy/names.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <arpa/inet.h>

#include "base/encoding.hpp"
#include "base/ids.hpp"

namespace rap::policy {
namespace {

constexpr std::size_t kMaxLabelBytes = 63;      // RFC 1035 §2.3.4
constexpr std::size_t kMaxLocalPartBytes = 64;  // RFC 5321 §4.5.3.1.1
constexpr std::size_t kMaxHostKeyBytes = 2048;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
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

struct Address {
  int family;
  std::array<std::uint8_t, 16> bytes;
};

std::optional<Address> parse_ip(std::string_view text) {
  if (text.find('\0') != text.npos) return std::nullopt;  // inet_pton would stop there
  const std::string s(text);
  for (int family : {AF_INET, AF_INET6}) {
    Address a{family, {}};
    if (inet_pton(family, s.c_str(), a.bytes.data()) == 1) return a;
  }
  return std::nullopt;
}

bool is_refused_v4(const std::uint8_t* b) {
  const bool unspecified = b[0] == 0;
  const bool link_local = b[0] == 169 && b[1] == 254;
  const bool multicast_or_reserved = b[0] >= 224;
  return unspecified || link_local || multicast_or_reserved;
}

bool is_refused_v6(const std::array<std::uint8_t, 16>& b) {
  const bool zero_start = std::all_of(b.begin(), b.begin() + 10, [](auto x) { return x == 0; });
  if (zero_start && b[10] == 0xff && b[11] == 0xff) return is_refused_v4(b.data() + 12);
  const bool unspecified = std::ranges::all_of(b, [](auto x) { return x == 0; });
  const bool link_local = b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
  const bool multicast = b[0] == 0xff;
  return unspecified || link_local || multicast;
}

}  // namespace

const char* check_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return "must have 1 to 63 characters";
  if (!is_alnum(name.front())) return "must start with a letter or a digit";
  if (!std::ranges::all_of(
          name, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
    return "may contain only letters, digits, '.', '_' and '-'";
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
  return password.size() < kMinPasswordBytes ? "must have at least 10 characters" : nullptr;
}

const char* check_host(std::string_view host) {
  if (parse_ip(host) || is_dns_name(host)) return nullptr;
  return "must be a host name or an IP address";
}

std::optional<std::string> canonical_ip(std::string_view text) {
  const auto address = parse_ip(text);
  if (!address) return std::nullopt;
  char out[INET6_ADDRSTRLEN];
  if (!inet_ntop(address->family, address->bytes.data(), out, sizeof out)) return std::nullopt;
  return out;
}

const char* check_target_host(std::string_view host) {
  if (const char* wrong = check_host(host)) return wrong;
  const auto address = parse_ip(host);
  if (!address) return nullptr;
  const bool refused = address->family == AF_INET ? is_refused_v4(address->bytes.data())
                                                  : is_refused_v6(address->bytes);
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
