#include "crypto/tokens/device_proof.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/tokens/jws.hpp"

namespace rap::crypto {
namespace {

using Fault = DeviceProofFault;

struct DeviceProofs : testing::Test {
  SeededRandom rng{7};
  PrivateKey key = PrivateKey::generate(KeyType::ed25519);
  WallTime now = from_unix(1'800'000'000);
  ProvenRequest request{ClusterId::random(rng), "POST", "/api/v1/sessions?x=1", "rapst_a", "{}"};

  std::string proof(std::string_view nonce = "") {
    return make_device_proof(key, request, TokenId::random(rng), now, nonce);
  }
  Fault fault(std::string_view text, const ProvenRequest& of) {
    const auto result = verify_device_proof(text, of);
    EXPECT_FALSE(result);
    return result ? Fault::malformed : result.error();
  }
  // A proof as anybody can sign one, with claims that they like.
  std::string claiming(const nlohmann::json& changes, const PrivateKey& with,
                       const std::string& kid) {
    const std::string honest = proof();
    const std::size_t first = honest.find('.') + 1;
    const auto payload = from_base64url(honest.substr(first, honest.rfind('.') - first));
    auto claims = nlohmann::json::parse(payload->begin(), payload->end());
    if (changes.is_object()) claims.update(changes);
    return sign_jws(with, kid, "rap-device+jwt", claims.dump());
  }
};

TEST_F(DeviceProofs, NameTheDeviceByItsKey) {
  const auto proven = verify_device_proof(proof("n"), request);
  ASSERT_TRUE(proven);
  EXPECT_EQ(proven->device, device_id_of(key.public_key()));
  EXPECT_EQ(proven->key, key.public_key().raw());
  EXPECT_EQ(proven->made_at, now);
  EXPECT_EQ(proven->nonce, "n");
  EXPECT_NE(proven->device, device_id_of(PrivateKey::generate(KeyType::ed25519).public_key()));
  EXPECT_EQ(proven->device.str()[14], '8') << "a UUID of version 8";
}

TEST_F(DeviceProofs, AreOfOneRequestOnly) {
  const std::string text = proof();
  const auto with = [&](auto change) {
    ProvenRequest other = request;
    change(other);
    return fault(text, other);
  };
  EXPECT_EQ(with([&](auto& r) { r.cluster = ClusterId::random(rng); }), Fault::other_cluster);
  EXPECT_EQ(with([](auto& r) { r.method = "PUT"; }), Fault::other_request);
  EXPECT_EQ(with([](auto& r) { r.target = "/api/v1/sessions"; }), Fault::other_request);
  EXPECT_EQ(with([](auto& r) { r.body = "{ }"; }), Fault::other_request);
  EXPECT_EQ(with([](auto& r) { r.body = ""; }), Fault::other_request);
  EXPECT_EQ(with([](auto& r) { r.bearer = "rapst_b"; }), Fault::other_bearer);
  EXPECT_EQ(with([](auto& r) { r.bearer = ""; }), Fault::other_bearer);
}

TEST_F(DeviceProofs, CannotBeMadeWithoutTheKey) {
  const PrivateKey thief = PrivateKey::generate(KeyType::ed25519);
  const std::string id = device_id_of(key.public_key()).str();
  // Signed by another, under the name of the one and under one's own.
  EXPECT_EQ(fault(claiming({}, thief, id), request), Fault::bad_signature);
  const std::string own = device_id_of(thief.public_key()).str();
  EXPECT_EQ(fault(claiming({}, thief, own), request), Fault::malformed);
  // A proof with one's own key in it does not give one the name of the other.
  const nlohmann::json own_key = {{"key", to_base64url(thief.public_key().raw())}};
  EXPECT_EQ(fault(claiming(own_key, thief, id), request), Fault::malformed);
  EXPECT_EQ(verify_device_proof(claiming(own_key, thief, own), request)->device.str(), own);
  // A change after it was signed.
  std::string changed = proof();
  changed[changed.size() - 5] = changed[changed.size() - 5] == 'A' ? 'B' : 'A';
  EXPECT_EQ(fault(changed, request), Fault::bad_signature);
}

TEST_F(DeviceProofs, OfAnyOtherShapeAreRefused) {
  const std::string id = device_id_of(key.public_key()).str();
  for (const nlohmann::json& change :
       std::vector<nlohmann::json>{{{"key", ""}},
                                   {{"key", std::string(43, '_')}},
                                   {{"key", std::string(44, 'A')}},
                                   {{"jti", "1"}},
                                   {{"iat", -1}},
                                   {{"iat", "1800000000"}},
                                   {{"nonce", std::string(kMaxDeviceNonceBytes + 1, 'n')}},
                                   {{"aud", nullptr}},
                                   {{"extra", 1}}}) {
    EXPECT_EQ(fault(claiming(change, key, id), request), Fault::malformed) << change;
  }
  for (const std::string& text :
       {std::string(), std::string("."), std::string(".."), std::string("a.b"),
        std::string(kMaxDeviceProofBytes + 1, 'a'), std::string(kMaxDeviceProofBytes, '.')}) {
    EXPECT_EQ(fault(text, request), Fault::malformed) << text.substr(0, 8);
  }
  // The types of other tokens are not this one's, though the key is.
  EXPECT_EQ(fault(sign_jws(key, id, "rap-dp+jwt", "{}"), request), Fault::malformed);
}

TEST_F(DeviceProofs, OfTheLargestRequestAreWithinTheirBound) {
  const std::string long_path(8192, 'p');
  request.target = long_path;
  EXPECT_LE(proof(std::string(kMaxDeviceNonceBytes, 'n')).size(), kMaxDeviceProofBytes);
}

}  // namespace
}  // namespace rap::crypto
