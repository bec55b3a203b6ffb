// Records of TLS that carry nothing, or next to nothing: nearly free for whoever sends them, and
// dear for us. A connection ends at too many, whoever its peer is.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rap::crypto {

enum class IdleRecord : std::uint8_t {
  handshake_message,  // after the handshake: a key update, a session ticket
  empty,  // one after another, as OpenSSL counts them (32)
  thin,  // a few bytes each, again and again; see io/stream/stream_reading.cpp
};
inline constexpr std::array<std::string_view, 3> kIdleRecordNames = {"handshake_message", "empty",
                                                                     "thin"};

// A peer may send so many messages of the handshake protocol after the handshake, and one more for
// every kBytesAKeyUpdate of data. Nothing here needs one (RFC 8446 §5.5 asks for a key update after
// 2^24.5 full records).
inline constexpr std::uint64_t kMaxKeyUpdates = 32;
inline constexpr std::uint64_t kBytesAKeyUpdate = std::uint64_t{64} * 1024 * 1024;

}  // namespace rap::crypto
