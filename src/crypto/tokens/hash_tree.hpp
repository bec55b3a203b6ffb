// A tree of hashes over a list (RFC 9162, section 2.1, with SHA-256): whoever has the root can be
// shown that an entry is at its place, by the hashes on the way to it.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "crypto/keys/digest.hpp"

namespace rap::crypto {

inline constexpr std::size_t kMaxTreeSize = 65'536;
inline constexpr std::size_t kMaxTreePath = 16;  // hashes, of one in the largest tree

Sha256 tree_leaf(ByteView entry);
Sha256 tree_leaf(ByteView beginning, ByteView rest);  // of an entry that is there in two parts

class HashTree {
 public:
  // There is at least one leaf, and at most kMaxTreeSize.
  explicit HashTree(std::vector<Sha256> leaves);

  const Sha256& root() const { return levels_.back().front(); }
  std::size_t size() const { return levels_.front().size(); }
  // The hashes beside the way from that leaf to the root, from below.
  std::vector<Sha256> path(std::size_t index) const;

 private:
  std::vector<std::vector<Sha256>> levels_;  // the leaves first
};

// The root of the tree of that size in which the leaf is at that place; nullopt when the path is
// none of that place.
std::optional<Sha256> tree_root(const Sha256& leaf, std::size_t index, std::size_t size,
                                const std::vector<Sha256>& path);

}  // namespace rap::crypto
