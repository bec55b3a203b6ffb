// Text forms of bytes: lower-case hex, base64 (RFC 4648 §4) and unpadded base64url (§5).
// Decoders are strict: a wrong alphabet, wrong padding or non-zero trailing bits is refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace rap {

std::string to_hex(ByteView b);
std::optional<Bytes> from_hex(std::string_view s);  // even length, either case

std::string to_base64(ByteView b);
std::optional<Bytes> from_base64(std::string_view s);

std::string to_base64url(ByteView b);
std::optional<Bytes> from_base64url(std::string_view s);

}  // namespace rap
