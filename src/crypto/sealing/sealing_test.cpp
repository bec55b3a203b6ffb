#include "crypto/sealing/sealing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/seeded_random.hpp"
#include "crypto/testing/vectors.hpp"

namespace rap::crypto {
namespace {

struct Pair {
  SealedFlow client;
  SealedFlow egress;
};

struct Sealing : testing::Test {
  Pair agree(ByteView request = {}) {
    SealInitiator initiator(client_key, egress_key.public_key, rng);
    SealResponder responder(egress_key, rng);
    const Bytes first = initiator.first_message(request);
    EXPECT_EQ(first.size(), request.size() + kFirstMessageOverhead);
    EXPECT_EQ(responder.open_first(first), to_bytes(request));
    auto [second, egress] = responder.second_message();
    EXPECT_EQ(second.size(), kSealHandshakeOverhead);
    auto client = initiator.finish(second);
    EXPECT_TRUE(client);
    return {std::move(*client), std::move(egress)};
  }
  static Bytes seal(SealKey& key, ByteView plain, ByteView associated = {}) {
    Bytes out(plain.size() + kSealTag);
    EXPECT_TRUE(key.seal(associated, plain, out.data()));
    return out;
  }
  static std::optional<Bytes> open(SealKey& key, ByteView sealed, ByteView associated = {}) {
    Bytes out(sealed.size() < kSealTag ? 0 : sealed.size() - kSealTag);
    if (!key.open(associated, sealed, out.data())) return std::nullopt;
    return out;
  }

  SeededRandom rng{1};
  X25519KeyPair egress_key = X25519KeyPair::generate(rng);
  X25519KeyPair client_key = X25519KeyPair::generate(rng);
};

TEST_F(Sealing, CarriesRecordsBothWays) {
  Pair flow = agree(to_bytes("the request"));
  for (const std::size_t size : {0, 1, 15, 16, 17, 1000, 65536}) {
    const Bytes plain = rng.bytes(size);
    const Bytes up = seal(flow.client.send, plain, as_bytes("data"));
    EXPECT_EQ(open(flow.egress.receive, up, as_bytes("data")), plain);
    const Bytes down = seal(flow.egress.send, plain);
    EXPECT_EQ(open(flow.client.receive, down), plain);
    if (size > 0) {
      EXPECT_NE(up, down);
    }
  }
}

TEST_F(Sealing, WorksInPlace) {
  Pair flow = agree();
  Bytes buffer = to_bytes("some text");
  const Bytes plain = buffer;
  buffer.resize(plain.size() + kSealTag);
  EXPECT_TRUE(flow.client.send.seal({}, ByteView(buffer).first(plain.size()), buffer.data()));
  EXPECT_TRUE(flow.egress.receive.open({}, buffer, buffer.data()));
  buffer.resize(plain.size());
  EXPECT_EQ(buffer, plain);
}

TEST_F(Sealing, RefusesReplayReorderAndTheOtherDirection) {
  Pair flow = agree();
  const Bytes one = seal(flow.client.send, as_bytes("one"));
  const Bytes two = seal(flow.client.send, as_bytes("two"));
  EXPECT_FALSE(open(flow.egress.receive, two));
  EXPECT_FALSE(open(flow.client.receive, one));
  EXPECT_TRUE(open(flow.egress.receive, one));
  EXPECT_FALSE(open(flow.egress.receive, one));
  EXPECT_TRUE(open(flow.egress.receive, two));
}

TEST_F(Sealing, RefusesEveryChangedBitAndLeavesNothingBehind) {
  Pair flow = agree();
  const Bytes sealed = seal(flow.client.send, as_bytes("secret"), as_bytes("ad"));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes bad = sealed;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    Bytes out(6, 0xff);
    EXPECT_FALSE(flow.egress.receive.open(as_bytes("ad"), bad, out.data()));
    EXPECT_EQ(out, Bytes(6));
  }
  EXPECT_FALSE(open(flow.egress.receive, sealed, as_bytes("aD")));
  EXPECT_FALSE(open(flow.egress.receive, sealed));
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    EXPECT_FALSE(open(flow.egress.receive, ByteView(sealed).first(n), as_bytes("ad"))) << n;
  }
  EXPECT_TRUE(open(flow.egress.receive, sealed, as_bytes("ad")));
}

TEST_F(Sealing, EndsWhenTheRecordNumbersDo) {
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max() - 1;
  const std::array<std::uint8_t, 32> key{};
  SealKey sender(key, kLast);
  SealKey receiver(key, kLast);
  EXPECT_TRUE(open(receiver, seal(sender, as_bytes("last"))));
  Bytes out(5 + kSealTag, 0xff);
  EXPECT_FALSE(sender.seal({}, as_bytes("again"), out.data()));
  EXPECT_EQ(out, Bytes(5 + kSealTag));
  EXPECT_FALSE(receiver.open({}, out, out.data()));
}

TEST_F(Sealing, OnlyTheMeantEgressOpensTheRequest) {
  SealInitiator initiator(client_key, egress_key.public_key, rng);
  const Bytes first = initiator.first_message(as_bytes("request"));
  SealResponder other(X25519KeyPair::generate(rng), rng);
  EXPECT_FALSE(other.open_first(first));
  SealResponder other_protocol(egress_key, rng, "rap-flow-v1");
  EXPECT_FALSE(other_protocol.open_first(first));
}

TEST_F(Sealing, RefusesEveryTruncatedOrChangedHandshake) {
  SealInitiator initiator(client_key, egress_key.public_key, rng);
  const Bytes first = initiator.first_message(as_bytes("request"));
  for (std::size_t n = 0; n < first.size(); ++n) {
    EXPECT_FALSE(SealResponder(egress_key, rng).open_first(ByteView(first).first(n))) << n;
    Bytes bad = first;
    bad[n] ^= 0x40;
    EXPECT_FALSE(SealResponder(egress_key, rng).open_first(bad)) << n;
  }
}

TEST_F(Sealing, TheClientRefusesAnAnswerThatIsNotTheEgresss) {
  for (std::size_t n = 0; n < kSealHandshakeOverhead; ++n) {
    SealInitiator initiator(client_key, egress_key.public_key, rng);
    SealResponder responder(egress_key, rng);
    ASSERT_TRUE(responder.open_first(initiator.first_message({})));
    Bytes second = responder.second_message().first;
    second[n] ^= 1;
    EXPECT_FALSE(initiator.finish(second)) << n;
  }
  SealInitiator initiator(client_key, egress_key.public_key, rng);
  initiator.first_message({});
  EXPECT_FALSE(initiator.finish({}));
  EXPECT_FALSE(initiator.finish(Bytes(kSealHandshakeOverhead)));
}

TEST_F(Sealing, RefusesKeysOfSmallOrder) {
  SealInitiator initiator(client_key, X25519Public{}, rng);
  EXPECT_TRUE(initiator.first_message(as_bytes("x")).empty());
  SealResponder responder(egress_key, rng);
  EXPECT_FALSE(responder.open_first(Bytes(kFirstMessageOverhead + 10)));
}

TEST_F(Sealing, AKeyPairComesBackFromItsSecret) {
  const auto again = X25519KeyPair::from_secret(egress_key.secret);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key, egress_key.public_key);
  EXPECT_FALSE(X25519KeyPair::from_secret(Bytes(31)));
  EXPECT_FALSE(X25519KeyPair::from_secret(Bytes(33)));
}

// Gives one key, where the protocol draws its ephemeral one.
class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(Bytes value) : value_(std::move(value)) {}
  void fill(MutableBytes out) override {
    ASSERT_EQ(out.size(), value_.size());
    std::ranges::copy(value_, out.begin());
  }

 private:
  Bytes value_;
};

TEST(NoiseVectors, TheHandshakeAndTheRecordsAreThoseOfTheSpecification) {
  const auto vector = load_vectors("noise/ik_25519_aesgcm_sha256.json");
  const std::string prologue(as_text(hex_bytes(vector["init_prologue"])));
  const auto key = *X25519KeyPair::from_secret(hex_bytes(vector["resp_static"]));
  const auto self = *X25519KeyPair::from_secret(hex_bytes(vector["init_static"]));
  FixedRandom initiator_random(hex_bytes(vector["init_ephemeral"]));
  FixedRandom responder_random(hex_bytes(vector["resp_ephemeral"]));
  SealInitiator initiator(self, key.public_key, initiator_random, prologue);
  SealResponder responder(key, responder_random, prologue);

  const auto& messages = vector["messages"];
  const Bytes first = initiator.first_message(hex_bytes(messages[0]["payload"]));
  EXPECT_EQ(to_hex(first), messages[0]["ciphertext"].get<std::string>());
  EXPECT_EQ(responder.open_first(first), hex_bytes(messages[0]["payload"]));
  EXPECT_EQ(responder.initiator_static(), self.public_key);
  auto [second, egress] = responder.second_message(hex_bytes(messages[1]["payload"]));
  EXPECT_EQ(to_hex(second), messages[1]["ciphertext"].get<std::string>());
  auto client = initiator.finish(second);
  ASSERT_TRUE(client);
  EXPECT_EQ(to_bytes(initiator.answer()), hex_bytes(messages[1]["payload"]));
  for (std::size_t i = 2; i < messages.size(); ++i) {
    SealKey& sender = i % 2 == 0 ? client->send : egress.send;
    SealKey& receiver = i % 2 == 0 ? egress.receive : client->receive;
    const Bytes plain = hex_bytes(messages[i]["payload"]);
    Bytes sealed(plain.size() + kSealTag);
    ASSERT_TRUE(sender.seal({}, plain, sealed.data()));
    EXPECT_EQ(to_hex(sealed), messages[i]["ciphertext"].get<std::string>()) << i;
    ASSERT_TRUE(receiver.open({}, sealed, sealed.data())) << i;
    EXPECT_TRUE(std::ranges::equal(plain, ByteView(sealed).first(plain.size()))) << i;
  }
}

struct KnownPair {
  SeededRandom rng{5};
  X25519KeyPair egress_key = X25519KeyPair::generate(rng);
  X25519KeyPair client_key = X25519KeyPair::generate(rng);
  SealInitiator client{client_key, egress_key.public_key, rng};
  SealResponder egress{egress_key, rng};
};

TEST(KnownSealing, ABitThatAnEntryTurnsIsFoundWhereverItIs) {
  for (std::size_t bit = 0; bit < 8 * (kFirstMessageOverhead + 2); bit += 3) {
    KnownPair pair;
    Bytes first = pair.client.first_message(to_bytes("hi"));
    ASSERT_EQ(first.size(), kFirstMessageOverhead + 2);
    first[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    // X25519 does not look at the highest bit of a key; the hash of the handshake does.
    EXPECT_FALSE(pair.egress.open_first(first)) << bit;
  }
}

TEST(KnownSealing, AnAnswerOfAnybodyButTheEgressIsRefused) {
  KnownPair pair;
  const Bytes first = pair.client.first_message({});
  const X25519KeyPair other = X25519KeyPair::generate(pair.rng);
  SealResponder entry(other, pair.rng);
  EXPECT_FALSE(entry.open_first(first));
  ASSERT_TRUE(pair.egress.open_first(first));
  auto [second, keys] = pair.egress.second_message();
  second.back() ^= 1;
  EXPECT_FALSE(pair.client.finish(second));
}

// Whoever recorded a first message can send it again, and understands nothing of what follows.
TEST(KnownSealing, AFirstMessageThatIsReplayedLeadsToOtherKeys) {
  KnownPair pair;
  const Bytes first = pair.client.first_message({});
  ASSERT_TRUE(pair.egress.open_first(first));
  auto [answer, egress] = pair.egress.second_message();
  auto client = pair.client.finish(answer);
  ASSERT_TRUE(client);
  Bytes record(kSealTag);
  ASSERT_TRUE(client->send.seal({}, {}, record.data()));

  SealResponder again(pair.egress_key, pair.rng);
  ASSERT_TRUE(again.open_first(first));
  auto [other_answer, other] = again.second_message();
  EXPECT_FALSE(other.receive.open({}, record, record.data())) << "nor does the record go with it";
}

}  // namespace
}  // namespace rap::crypto
