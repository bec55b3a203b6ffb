// The text form of keys and certificates (RFC 7468).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxPemBytes = std::size_t{1024} * 1024;

struct PemBlock {
  std::string_view label;  // a view of the parsed text: "CERTIFICATE"
  Bytes der;
};

std::string encode_pem(std::string_view label, ByteView der);

// Every block of a text, in order; text between blocks is explanation and skipped. nullopt when a
// block is malformed, there is none, or the text is over kMaxPemBytes.
std::optional<std::vector<PemBlock>> parse_pem(std::string_view text);

// The one block of a text that holds nothing else but white space.
std::optional<Bytes> parse_single_pem(std::string_view text, std::string_view label);

}  // namespace rap::crypto
