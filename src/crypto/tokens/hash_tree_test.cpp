#include "crypto/tokens/hash_tree.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace rap::crypto {
namespace {

std::vector<Sha256> some_leaves(std::size_t count) {
  std::vector<Sha256> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(tree_leaf(as_bytes(std::to_string(i))));
  return out;
}

// The inputs of the reference implementation of Certificate Transparency, and the roots that it has
// for the first so many of them.
TEST(HashTreeTest, HasTheRootsOfCertificateTransparency) {
  std::vector<Sha256> leaves;
  for (const char* entry : {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                            "606162636465666768696a6b6c6d6e6f"}) {
    leaves.push_back(tree_leaf(*from_hex(entry)));
  }
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  for (std::size_t n = 1; n <= leaves.size(); ++n) {
    const HashTree tree(std::vector<Sha256>(leaves.begin(), leaves.begin() + n));
    EXPECT_EQ(to_hex(tree.root()), roots[n - 1]) << n;
  }
}

TEST(HashTreeTest, EveryPathLeadsToTheRoot) {
  for (const std::size_t size : {1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 33, 100}) {
    const auto leaves = some_leaves(size);
    const HashTree tree(leaves);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(tree_root(leaves[i], i, size, tree.path(i)), tree.root()) << i << " of " << size;
    }
  }
}

TEST(HashTreeTest, NoPathLeadsThereFromAnotherPlaceOrLeaf) {
  const auto leaves = some_leaves(7);
  const HashTree tree(leaves);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    for (std::size_t at = 0; at < leaves.size(); ++at) {
      if (at == i) continue;
      EXPECT_NE(tree_root(leaves[i], at, 7, tree.path(i)), tree.root()) << i << " at " << at;
      EXPECT_NE(tree_root(leaves[at], i, 7, tree.path(i)), tree.root()) << at << " at " << i;
    }
  }
}

TEST(HashTreeTest, APathOfAnotherLengthOrPlaceIsNone) {
  const auto leaves = some_leaves(5);
  const HashTree tree(leaves);
  auto path = tree.path(2);
  EXPECT_FALSE(tree_root(leaves[2], 5, 5, path)) << "beyond the end";
  EXPECT_FALSE(tree_root(leaves[2], 2, kMaxTreeSize + 1, path));
  EXPECT_FALSE(tree_root(leaves[2], 0, 0, {}));
  path.push_back(path[0]);
  EXPECT_FALSE(tree_root(leaves[2], 2, 5, path));
  path.resize(1);
  EXPECT_FALSE(tree_root(leaves[2], 2, 5, path));
}

TEST(HashTreeTest, TheLargestTreeHasTheLongestPath) {
  const HashTree tree{std::vector<Sha256>(kMaxTreeSize)};
  EXPECT_EQ(tree.path(kMaxTreeSize - 1).size(), kMaxTreePath);
}

}  // namespace
}  // namespace rap::crypto
