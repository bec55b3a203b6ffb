#include "crypto/tokens/hash_tree.hpp"

#include <algorithm>
#include <utility>

namespace rap::crypto {
namespace {

// A leaf is never taken for an inner hash.
constexpr std::uint8_t kLeafMark = 0;
constexpr std::uint8_t kInnerMark = 1;

Sha256 inner_hash(const Sha256& left, const Sha256& right) {
  std::array<std::uint8_t, 1 + 2 * sizeof(Sha256)> both{kInnerMark};
  std::ranges::copy(left, both.begin() + 1);
  std::ranges::copy(right, both.begin() + 1 + sizeof(Sha256));
  return sha256(both);
}

}  // namespace

Sha256 tree_leaf(ByteView entry) { return tree_leaf({}, entry); }

Sha256 tree_leaf(ByteView beginning, ByteView rest) {
  return sha256_of({ByteView(&kLeafMark, 1), beginning, rest});
}

// A last one without a neighbour goes up as it is.
HashTree::HashTree(std::vector<Sha256> leaves) {
  levels_.push_back(std::move(leaves));
  while (levels_.back().size() > 1) {
    const std::vector<Sha256>& below = levels_.back();
    std::vector<Sha256> above;
    above.reserve((below.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < below.size(); i += 2) {
      above.push_back(inner_hash(below[i], below[i + 1]));
    }
    if (below.size() % 2 == 1) above.push_back(below.back());
    levels_.push_back(std::move(above));
  }
}

std::vector<Sha256> HashTree::path(std::size_t index) const {
  std::vector<Sha256> out;
  for (const std::vector<Sha256>& level : levels_) {
    const std::size_t beside = index ^ 1;
    if (beside < level.size()) out.push_back(level[beside]);
    index /= 2;
  }
  return out;
}

std::optional<Sha256> tree_root(const Sha256& leaf, std::size_t index, std::size_t size,
                                const std::vector<Sha256>& path) {
  if (size > kMaxTreeSize || index >= size) return std::nullopt;
  Sha256 at = leaf;
  auto next = path.begin();
  for (; size > 1; index /= 2, size = (size + 1) / 2) {
    if ((index ^ 1) >= size) continue;
    if (next == path.end()) return std::nullopt;
    at = index % 2 == 0 ? inner_hash(at, *next) : inner_hash(*next, at);
    ++next;
  }
  if (next != path.end()) return std::nullopt;
  return at;
}

}  // namespace rap::crypto
