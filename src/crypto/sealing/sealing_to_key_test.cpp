#include "crypto/sealing/sealing_to_key.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"

namespace rap::crypto {
namespace {

struct SealingToKey : testing::Test {
  SeededRandom rng{1};
  X25519KeyPair recipient = X25519KeyPair::generate(rng);
};

TEST_F(SealingToKey, GivesBothSidesTheKeyOfTheRecords) {
  auto sealed = seal_to_key(recipient.public_key, "prologue", rng);
  ASSERT_TRUE(sealed);
  EXPECT_EQ(sealed->message.size(), kSealHandshakeOverhead);
  auto opened = open_with_key(recipient, "prologue", sealed->message);
  ASSERT_TRUE(opened);
  for (const std::string_view text : {"the first record", "the second"}) {
    Bytes record(text.size() + kSealTag);
    ASSERT_TRUE(sealed->key.seal({}, as_bytes(text), record.data()));
    Bytes plain(text.size());
    ASSERT_TRUE(opened->open({}, record, plain.data()));
    EXPECT_EQ(as_text(plain), text);
  }
}

TEST_F(SealingToKey, OpensForNobodyElseAndNothingThatWasChanged) {
  const auto sealed = seal_to_key(recipient.public_key, "prologue", rng);
  EXPECT_FALSE(open_with_key(X25519KeyPair::generate(rng), "prologue", sealed->message));
  EXPECT_FALSE(open_with_key(recipient, "another prologue", sealed->message));
  for (std::size_t at = 0; at < sealed->message.size(); ++at) {
    // The last bit of the ephemeral key is no part of it (RFC 7748 §5), and authenticated all the
    // same.
    Bytes bent = sealed->message;
    bent[at] ^= 0x80;
    EXPECT_FALSE(open_with_key(recipient, "prologue", bent)) << at;
  }
  EXPECT_FALSE(open_with_key(recipient, "prologue", ByteView(sealed->message).first(47)));
  EXPECT_FALSE(open_with_key(recipient, "prologue", {}));
}

TEST_F(SealingToKey, IsAnotherEachTimeAndImpossibleToAKeyThatNobodyHas) {
  EXPECT_NE(seal_to_key(recipient.public_key, "", rng)->message,
            seal_to_key(recipient.public_key, "", rng)->message);
  EXPECT_FALSE(seal_to_key(X25519Public{}, "", rng));
}

}  // namespace
}  // namespace rap::crypto
