#include "base/encoding.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"

namespace rap {
namespace {

// RFC 4648 §10.
TEST(Base64, MatchesTheRfcVectors) {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : kVectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(from_base64(coded), to_bytes(plain));
  }
}

TEST(Base64, RefusesWrongPaddingAlphabetAndTrailingBits) {
  for (const char* bad :
       {"Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=", "Zm 9", "Zm9-", "=", "===="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
  for (const char* bad : {"Zg==", "Zh", "Z", "Zm9+", "Zm9/"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

TEST(Base64Url, RoundTripsEveryLength) {
  Bytes b;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64url(to_base64url(b)), b);
    EXPECT_EQ(from_base64(to_base64(b)), b);
    EXPECT_EQ(from_hex(to_hex(b)), b);
    b.push_back(static_cast<std::uint8_t>(i * 37));
  }
}

TEST(Uuid, ParsesOnlyItsCanonicalForm) {
  const char* good = "0f8fad5b-d9cb-469f-a165-70867728950e";
  ASSERT_TRUE(NodeId::parse(good));
  EXPECT_EQ(NodeId::parse(good)->str(), good);
  for (const char* bad :
       {"", "0f8fad5b-d9cb-469f-a165-70867728950", "0F8fad5b-d9cb-469f-a165-70867728950e",
        "0f8fad5bd-9cb-469f-a165-70867728950e", "{f8fad5b-d9cb-469f-a165-7086772895}",
        "0f8fad5b-d9cb-469f-a165-70867728950g"}) {
    EXPECT_FALSE(NodeId::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace rap
