#include "policy/addresses/ip_address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace rap::policy {
namespace {

constexpr std::size_t kGroups = 8;  // of 16 bits in an IPv6 address

bool parse_v4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == text.npos) != (i == 3)) return false;
    const std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out[i]);
    if (error != std::errc{} || end != part.data() + part.size()) return false;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return true;
}

// Parses "a:b:c" (and a dotted quad as its last part) into groups; "" is no group at all.
std::optional<std::vector<std::uint16_t>> parse_groups(std::string_view text) {
  std::vector<std::uint16_t> groups;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    std::uint8_t v4[4];
    std::uint16_t group = 0;
    if (colon == text.npos && parse_v4(part, v4)) {
      groups.push_back(static_cast<std::uint16_t>((v4[0] << 8) | v4[1]));
      groups.push_back(static_cast<std::uint16_t>((v4[2] << 8) | v4[3]));
      return groups;
    }
    if (part.empty() || part.size() > 4) return std::nullopt;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), group, 16);
    if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
    groups.push_back(group);
    if (colon == text.npos) return groups;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;  // a single colon at the end
  }
  return groups;
}

std::optional<std::vector<std::uint16_t>> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == text.npos) {
    auto groups = parse_groups(text);
    if (!groups || groups->size() != kGroups) return std::nullopt;
    return groups;
  }
  const std::string_view left = text.substr(0, gap);
  if (left.find('.') != left.npos) return std::nullopt;
  auto head = parse_groups(left);
  const auto tail = parse_groups(text.substr(gap + 2));
  if (!head || !tail || head->size() + tail->size() >= kGroups) return std::nullopt;
  head->resize(kGroups - tail->size());
  head->insert(head->end(), tail->begin(), tail->end());
  return head;
}

std::string format_v4(const std::uint8_t* b) {
  return std::to_string(b[0]) + "." + std::to_string(b[1]) + "." + std::to_string(b[2]) + "." +
         std::to_string(b[3]);
}

struct Run {
  std::size_t start = 0;
  std::size_t length = 0;
};

Run longest_zero_run(const std::array<std::uint16_t, kGroups>& groups) {
  Run best;
  Run current;
  for (std::size_t i = 0; i < kGroups; ++i) {
    current = groups[i] != 0 ? Run{i + 1, 0} : Run{current.start, current.length + 1};
    if (current.length > best.length) best = current;
  }
  return best.length > 1 ? best : Run{};
}

std::string format_v6(const std::array<std::uint16_t, kGroups>& groups) {
  const Run gap = longest_zero_run(groups);
  std::string out;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (gap.length > 0 && i == gap.start) {
      out += "::";
      i += gap.length - 1;
      continue;
    }
    if (!out.empty() && !out.ends_with(':')) out += ':';
    char hex[4];
    const auto [end, error] = std::to_chars(hex, hex + sizeof hex, groups[i], 16);
    out.append(hex, end);
  }
  return out;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress a;
  if (parse_v4(text, a.bytes.data())) return a;
  if (text.find(':') == text.npos) return std::nullopt;
  const auto groups = parse_v6(text);
  if (!groups) return std::nullopt;
  a.v6 = true;
  for (std::size_t i = 0; i < kGroups; ++i) {
    a.bytes[2 * i] = static_cast<std::uint8_t>((*groups)[i] >> 8);
    a.bytes[2 * i + 1] = static_cast<std::uint8_t>((*groups)[i]);
  }
  return a;
}

std::string IpAddress::str() const {
  if (!v6) return format_v4(bytes.data());
  std::array<std::uint16_t, kGroups> groups;
  for (std::size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<std::uint16_t>((bytes[2 * i] << 8) | bytes[2 * i + 1]);
  }
  const Run gap = longest_zero_run(groups);
  const bool mapped = gap.start == 0 && gap.length == 5 && groups[5] == 0xffff;
  const bool compatible = gap.start == 0 && gap.length == 6;  // inet_ntop keeps these dotted too
  if (mapped) return "::ffff:" + format_v4(bytes.data() + 12);
  if (compatible) return "::" + format_v4(bytes.data() + 12);
  return format_v6(groups);
}

const std::uint8_t* IpAddress::as_v4() const {
  // ::ffff:0:0/96 (RFC 4291 §2.5.5.2): what stands before the IPv4 address.
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!v6) return bytes.data();
  return std::ranges::equal(std::span(bytes).first<kMapped.size()>(), kMapped)
             ? bytes.data() + kMapped.size()
             : nullptr;
}

IpAddress IpAddress::unmapped() const {
  const std::uint8_t* inside = v6 ? as_v4() : nullptr;
  if (inside == nullptr) return *this;
  IpAddress v4;
  std::copy_n(inside, 4, v4.bytes.begin());
  return v4;
}

bool IpAddress::is_unspecified() const {
  if (const std::uint8_t* b = as_v4()) return b[0] == 0;
  return std::ranges::all_of(bytes, [](auto b) { return b == 0; });
}

bool IpAddress::is_link_local() const {
  if (const std::uint8_t* b = as_v4()) return b[0] == 169 && b[1] == 254;
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  if (const std::uint8_t* b = as_v4()) return b[0] >= 224;
  return bytes[0] == 0xff;
}

}  // namespace rap::policy
