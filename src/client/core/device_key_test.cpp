#include "client/core/device_key.hpp"

#include <gtest/gtest.h>

#include "base/seeded_random.hpp"
#include "client/testing/doubles.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/tokens/device_proof.hpp"
#include "crypto/x509/ca.hpp"

namespace rap::client {
namespace {

struct DeviceKeys : testing::Test {
  crypto::TestPki pki;
  std::string roots = pki.root.certificate.pem();
  TestHome home;
  SeededRandom rng{4};
  WallTime now = from_unix(1'800'000'000);

  static wire::HttpRequest request() {
    wire::HttpRequest out;
    out.method = "POST";
    out.path = "/api/v1/sessions";
    out.query = "a=1";
    out.headers = {{"authorization", "Bearer rapst_x"}};
    out.body = "{}";
    return out;
  }
  static std::optional<std::string> nonce_of(int status, const std::string& body) {
    wire::HttpResponse response;
    response.status = status;
    response.body = body;
    return nonce_in(response);
  }
};

TEST_F(DeviceKeys, AreMadeOnceAndStay) {
  EXPECT_EQ(load_device_key(home, roots).value(), nullptr);
  EXPECT_TRUE(home.files.empty()) << "who only looks makes none";
  const auto made = load_or_make_device_key(home, roots).value();
  ASSERT_TRUE(made);
  EXPECT_EQ(load_or_make_device_key(home, roots).value()->id(), made->id());
  EXPECT_EQ(load_device_key(home, roots).value()->id(), made->id());
}

TEST_F(DeviceKeys, ThatAreDamagedAreSaidAndNotReplaced) {
  home.files["device.pem"] = "no key";
  const auto loaded = load_or_make_device_key(home, roots);
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text.find("/home/device.pem is damaged"), std::string::npos);
  EXPECT_EQ(home.files["device.pem"], "no key");
}

TEST_F(DeviceKeys, ProveTheRequestAsItGoesOut) {
  const auto device = load_or_make_device_key(home, roots).value();
  const auto proven = prove(request(), *device, TokenId::random(rng), now, "n");
  const auto again = prove(proven, *device, TokenId::random(rng), now, "m");
  EXPECT_EQ(again.count("device-proof"), 1U) << "the old one is no longer there";
  const auto proof =
      crypto::verify_device_proof(again.header("device-proof"), {.cluster = device->cluster,
                                                                 .method = "POST",
                                                                 .target = "/api/v1/sessions?a=1",
                                                                 .bearer = "rapst_x",
                                                                 .body = "{}"});
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->device, device->id());
  EXPECT_EQ(proof->nonce, "m");
}

TEST_F(DeviceKeys, AreProvenAgainOnlyWithANonceThatWasGivenForIt) {
  EXPECT_EQ(nonce_of(401, R"({"code":"device_proof_stale","nonce":"n"})"), "n");
  EXPECT_EQ(nonce_of(403, R"({"code":"device_proof_stale","nonce":"n"})"), std::nullopt);
  EXPECT_EQ(nonce_of(401, R"({"code":"device_proof_wrong","nonce":"n"})"), std::nullopt);
  for (const char* body :
       {"", "[]", R"({"code":"device_proof_stale"})", R"({"code":"device_proof_stale","nonce":""})",
        R"({"code":"device_proof_stale","nonce":1})"}) {
    EXPECT_EQ(nonce_of(401, body), std::nullopt) << body;
  }
  EXPECT_EQ(nonce_of(401, R"({"code":"device_proof_stale","nonce":")" +
                              std::string(crypto::kMaxDeviceNonceBytes + 1, 'n') + "\"}"),
            std::nullopt);
}

}  // namespace
}  // namespace rap::client
