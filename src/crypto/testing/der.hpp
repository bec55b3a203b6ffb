// DER as a tree that can be bent, for tests: read a certificate, change any part, write it again
// with lengths that fit or with wrong ones.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace rap::crypto {

struct Der {
  std::uint8_t tag = 0;
  Bytes content;              // a leaf of the tree has this
  std::vector<Der> children;  // a constructed value, or one wrapped in an OCTET STRING, has these
  bool nested = false;  // children count, not content
  Bytes length;  // written in place of the right length, when not empty

  static std::optional<Der> parse(ByteView der);  // one value, to the last byte
  Bytes encode() const;
  // Every value of the tree below and including this one, outermost first.
  void collect(std::vector<Der*>& out);
};

}  // namespace rap::crypto
