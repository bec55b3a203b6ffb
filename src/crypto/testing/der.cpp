#include "crypto/testing/der.hpp"

namespace rap::crypto {
namespace {

constexpr std::uint8_t kConstructed = 0x20;
constexpr std::uint8_t kOctetString = 0x04;

// Takes one value off the front of `in`.
std::optional<Der> take(ByteView& in) {
  if (in.size() < 2 || (in[0] & 0x1f) == 0x1f) return std::nullopt;
  std::size_t size = in[1];
  std::size_t header = 2;
  if (size >= 0x80) {
    const std::size_t octets = size & 0x7f;
    if (octets == 0 || octets > 3 || in.size() < 2 + octets) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < octets; ++i) size = size << 8 | in[2 + i];
    header += octets;
  }
  if (in.size() - header < size) return std::nullopt;
  Der out;
  out.tag = in[0];
  ByteView content = in.subspan(header, size);
  in = in.subspan(header + size);
  out.content = to_bytes(content);
  out.nested = (out.tag & kConstructed) != 0;
  if (out.nested) {
    while (!content.empty()) {
      auto child = take(content);
      if (!child) return std::nullopt;
      out.children.push_back(std::move(*child));
    }
  } else if (out.tag == kOctetString) {
    auto inner = Der::parse(content);
    if (inner && inner->encode() == out.content) {
      out.nested = true;
      out.children.push_back(std::move(*inner));
    }
  }
  return out;
}

Bytes length_of(std::size_t size) {
  if (size < 0x80) return {static_cast<std::uint8_t>(size)};
  Bytes out;
  for (; size > 0; size >>= 8) out.insert(out.begin(), static_cast<std::uint8_t>(size));
  out.insert(out.begin(), static_cast<std::uint8_t>(0x80 | out.size()));
  return out;
}

}  // namespace

std::optional<Der> Der::parse(ByteView der) {
  auto out = take(der);
  if (!der.empty()) return std::nullopt;
  return out;
}

Bytes Der::encode() const {
  Bytes inside;
  if (nested) {
    for (const Der& child : children) {
      const Bytes bytes = child.encode();
      inside.insert(inside.end(), bytes.begin(), bytes.end());
    }
  } else {
    inside = content;
  }
  Bytes out{tag};
  const Bytes size = length.empty() ? length_of(inside.size()) : length;
  out.insert(out.end(), size.begin(), size.end());
  out.insert(out.end(), inside.begin(), inside.end());
  return out;
}

void Der::collect(std::vector<Der*>& out) {
  out.push_back(this);
  if (!nested) return;
  for (Der& child : children) child.collect(out);
}

}  // namespace rap::crypto
