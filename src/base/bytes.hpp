// Byte buffers and the big-endian reader and writer that every wire format is made with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rap {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

inline ByteView as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
inline std::string_view as_text(ByteView b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline Bytes to_bytes(ByteView b) { return {b.begin(), b.end()}; }
inline Bytes to_bytes(std::string_view s) { return to_bytes(as_bytes(s)); }

inline std::uint16_t load_be16(const std::uint8_t* p) {
  return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
inline void store_be32(std::uint8_t* p, std::uint32_t v) {
  p[0] = static_cast<std::uint8_t>(v >> 24);
  p[1] = static_cast<std::uint8_t>(v >> 16);
  p[2] = static_cast<std::uint8_t>(v >> 8);
  p[3] = static_cast<std::uint8_t>(v);
}
inline std::uint32_t load_be32(const std::uint8_t* p) {
  return (std::uint32_t{p[0]} << 24) | (std::uint32_t{p[1]} << 16) | (std::uint32_t{p[2]} << 8) |
         std::uint32_t{p[3]};
}

// Appends big-endian integers and length-prefixed fields.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) {
    u8(static_cast<std::uint8_t>(v >> 8));
    u8(static_cast<std::uint8_t>(v));
  }
  void u32(std::uint32_t v) {
    u16(static_cast<std::uint16_t>(v >> 16));
    u16(static_cast<std::uint16_t>(v));
  }
  void u64(std::uint64_t v) {
    u32(static_cast<std::uint32_t>(v >> 32));
    u32(static_cast<std::uint32_t>(v));
  }
  void raw(ByteView b) { out_.insert(out_.end(), b.begin(), b.end()); }
  // A 16-bit length, then the bytes. The caller keeps b within 65,535 bytes.
  void field16(ByteView b) {
    u16(static_cast<std::uint16_t>(b.size()));
    raw(b);
  }

 private:
  Bytes& out_;
};

// Reads big-endian integers from a view. A read past the end sets failed() and yields zeros, so a
// decoder reads all its fields and checks once; finished() also demands that no byte is left over.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}

  std::uint8_t u8() {
    if (!need(1)) return 0;
    std::uint8_t v = in_[0];
    in_ = in_.subspan(1);
    return v;
  }
  std::uint16_t u16() {
    std::uint16_t hi = u8();
    return static_cast<std::uint16_t>((hi << 8) | u8());
  }
  std::uint32_t u32() {
    std::uint32_t hi = u16();
    return (hi << 16) | u16();
  }
  std::uint64_t u64() {
    std::uint64_t hi = u32();
    return (hi << 32) | u32();
  }
  ByteView raw(std::size_t n) {
    if (!need(n)) return {};
    ByteView v = in_.first(n);
    in_ = in_.subspan(n);
    return v;
  }
  ByteView field16() { return raw(u16()); }
  ByteView rest() { return raw(in_.size()); }

  bool failed() const { return failed_; }
  bool finished() const { return !failed_ && in_.empty(); }

 private:
  bool need(std::size_t n) {
    if (failed_ || in_.size() < n) {
      failed_ = true;
      return false;
    }
    return true;
  }
  ByteView in_;
  bool failed_ = false;
};

}  // namespace rap
