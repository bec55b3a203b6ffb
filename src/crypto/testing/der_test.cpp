#include "crypto/testing/der.hpp"

#include <gtest/gtest.h>

#include "crypto/testing/pki.hpp"

namespace rap::crypto {
namespace {

TEST(TestDer, WritesACertificateAsItWasRead) {
  TestPki pki;
  for (const Certificate& certificate : pki.member().chain) {
    auto tree = Der::parse(certificate.der());
    ASSERT_TRUE(tree);
    EXPECT_EQ(tree->encode(), certificate.der());
    std::vector<Der*> all;
    tree->collect(all);
    EXPECT_GT(all.size(), 40U);
  }
}

}  // namespace
}  // namespace rap::crypto
