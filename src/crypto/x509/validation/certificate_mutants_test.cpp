// 100,000 bent certificates (scenario 2): none is believed that was not signed as it stands, and of
// those that our own authority signs, none that breaks a rule of the reader below, which shares no
// code with the verification.
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/encoding.hpp"
#include "crypto/keys/openssl_handle.hpp"
#include "crypto/testing/mutator.hpp"
#include "crypto/testing/pki.hpp"
#include "crypto/x509/validation/peer_verifier.hpp"

namespace rap::crypto {
namespace {

using Tally = std::map<std::string, int>;

#ifdef RAP_SANITIZED
constexpr int kShare = 10;
#else
constexpr int kShare = 1;
#endif
constexpr int kUnsigned = 80'000 / kShare;  // bent after the signature
constexpr int kSelfSigned = 10'000 / kShare;  // signed again, with the leaf's own key
constexpr int kReissued = 10'000 / kShare;  // signed again by the intermediate itself

std::string read(const std::string& name) {
  std::ifstream file(std::string(RAP_VECTORS_DIR) + "/members/" + name);
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

// The mutants must be the same in every run, so their originals come from files.
struct Mutants : testing::Test {
  std::vector<Certificate> alice = *Certificate::chain_from_pem(read("alice.pem"));
  std::vector<Certificate> bob = *Certificate::chain_from_pem(read("bob.pem"));
  PrivateKey alice_key = *PrivateKey::from_pem(read("alice.key"));
  PrivateKey intermediate_key = *PrivateKey::from_pem(read("intermediate.key"));
  wire::SpiffeId alice_id = *wire::SpiffeId::parse(alice[0].names().uris.front());
  std::string bob_uri = bob[0].names().uris.front();

  Mutator mutator(std::uint64_t seed) const {
    return {seed,
            {bob[0].der(), alice[1].der(), alice[2].der()},
            {bob_uri, alice_id.str(), "spiffe://rap/", "spiffe://other" + bob_uri.substr(12)}};
  }
  std::expected<wire::SpiffeId, CertificateFault> verify(
      const Certificate& leaf, const std::vector<Certificate>& presented) const {
    return verify_peer(leaf, presented, {alice[2]}, PeerSide::client, wire::SpiffeId::Kind::node,
                       alice_id.cluster, TestPki::now);
  }
  bool genuine(const Bytes& der) const {
    const auto same = [&](const Certificate& c) { return c.der() == der; };
    return std::ranges::any_of(alice, same) || std::ranges::any_of(bob, same);
  }
};

std::string word(const std::expected<wire::SpiffeId, CertificateFault>& result) {
  return result ? "accepted" : std::string(to_string(result.error()));
}

Bytes signature_of(const PrivateKey& key, const Bytes& message) {
  Handle<evp_md_ctx_st> context(EVP_MD_CTX_new());
  EXPECT_EQ(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.native()), 1);
  std::size_t size = 128;
  Bytes out(size);
  EXPECT_EQ(EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()), 1);
  out.resize(size);
  out.insert(out.begin(), 0);  // no unused bits
  return out;
}

// --- the reader: what a leaf must be, looked up in the tree

// An empty value where there is none.
const Der& at(const Der& value, std::size_t i) {
  static const Der kNothing;
  return i < value.children.size() ? value.children[i] : kNothing;
}

const std::vector<Der>& extensions(const Der& tbs) { return at(at(tbs, 7), 0).children; }

// The value inside the extension's octet string; empty when there is none, or more than one.
const Der& extension(const Der& tbs, std::string_view oid_hex) {
  static const Der kNothing;
  const Der* found = nullptr;
  for (const Der& e : extensions(tbs)) {
    if (at(e, 0).content != *from_hex(oid_hex)) continue;
    if (found != nullptr) return kNothing;
    found = &e;
  }
  return found == nullptr ? kNothing : at(at(*found, found->children.size() - 1), 0);
}

std::string text_of(const Der& value) { return {value.content.begin(), value.content.end()}; }

// YYYYMMDDHHMMSSZ
std::string time_of(const Der& value) {
  std::string text = text_of(value);
  if (value.tag != 0x17) return text;
  return (text[0] >= '5' ? "19" : "20") + text;
}

std::string broken_names(const Der& names, const wire::SpiffeId& id) {
  std::vector<std::string> uris;
  for (const Der& name : names.children) {
    if (name.tag == 0x86) {
      uris.push_back(text_of(name));
    } else if (name.tag != 0x82 && name.tag != 0x87) {
      return "a name of another kind";
    }
  }
  return uris == std::vector{id.str()} ? "" : "identity";
}

std::string broken_usage(const Der& tbs) {
  const Der& constraints = extension(tbs, "551d13");
  if (!constraints.children.empty() && at(constraints, 0).content != Bytes{0}) return "may issue";
  const Bytes& bits = extension(tbs, "551d0f").content;
  if (bits.size() < 2 || (bits[1] & 0x80) == 0 || (bits[1] & 0x06) != 0) return "key usage";
  const Bytes client_auth = *from_hex("2b06010505070302");
  const auto& purposes = extension(tbs, "551d25").children;
  return std::ranges::count(purposes, client_auth, &Der::content) > 0 ? "" : "purpose";
}

std::string broken_rule(const Bytes& der, const wire::SpiffeId& id) {
  const auto tree = Der::parse(der);
  if (!tree) return "not DER";
  const Der& tbs = at(*tree, 0);
  if (tbs.children.size() != 8 || at(tbs, 0).encode() != *from_hex("a003020102")) return "version";
  const Bytes& serial = at(tbs, 1).content;
  const bool zero = std::ranges::all_of(serial, [](std::uint8_t b) { return b == 0; });
  if (serial.size() > 20 || zero || serial[0] >= 0x80) return "serial";
  if (at(tbs, 2).encode() != at(*tree, 1).encode()) return "algorithms differ";
  if (at(tbs, 2).encode() != *from_hex("300a06082a8648ce3d040302")) return "algorithm";
  const std::string now = "20270115080000Z";
  if (time_of(at(at(tbs, 4), 0)) > now || time_of(at(at(tbs, 4), 1)) <= now) return "dates";
  const Bytes key = at(tbs, 6).encode();
  if (key.size() != 91 || key[26] != 4) return "key";
  std::set<Bytes> oids;
  for (const Der& e : extensions(tbs)) {
    if (!oids.insert(at(e, 0).content).second) return "an extension twice";
  }
  const std::string names = broken_names(extension(tbs, "551d11"), id);
  return names.empty() ? broken_usage(tbs) : names;
}

TEST_F(Mutants, TheOriginalsAreAcceptedAndKeepTheRules) {
  for (const auto& chain : {alice, bob}) {
    const auto id = verify(chain[0], {chain[1]});
    ASSERT_TRUE(id) << to_string(id.error());
    EXPECT_EQ(broken_rule(chain[0].der(), *id), "");
  }
}

TEST_F(Mutants, NoCertificateBentAfterItWasSignedIsAccepted) {
  Mutator m = mutator(1);
  Tally leaf_outcomes;
  Tally issuer_outcomes;
  for (int i = 0; i < kUnsigned;) {
    const bool above = i % 4 == 3;  // a quarter are of the intermediate
    Bytes der = alice[above ? 1 : 0].der();
    if (i % 3 == 0) {
      m.break_bytes(der);
    } else {
      Der tree = *Der::parse(der);
      m.bend(tree);
      der = tree.encode();
    }
    if (genuine(der)) continue;
    ++i;
    Tally& outcomes = above ? issuer_outcomes : leaf_outcomes;
    const auto mutant = Certificate::from_der(der);
    if (!mutant) {
      ++outcomes["unreadable"];
      continue;
    }
    const auto id = above ? verify(alice[0], {*mutant}) : verify(*mutant, {alice[1]});
    ++outcomes[word(id)];
    ASSERT_FALSE(id) << i << ": " << to_hex(der);
  }
  // Most get past the parser, so that it is the verification that refuses them.
  EXPECT_LT(leaf_outcomes["unreadable"], kUnsigned * 3 / 4 * 3 / 4);
  EXPECT_GT(leaf_outcomes["bad_chain"], kUnsigned / 10);
  EXPECT_GT(issuer_outcomes["bad_chain"], kUnsigned / 40);
}

TEST_F(Mutants, NoneSignedByAnythingButItsIssuerIsAccepted) {
  Mutator m = mutator(2);
  Tally outcomes;
  for (int i = 0; i < kSelfSigned; ++i) {
    Der tree = *Der::parse(alice[0].der());
    m.bend(tree);
    if (tree.children.size() == 3) {
      tree.children[2].nested = false;
      tree.children[2].content = signature_of(alice_key, tree.children[0].encode());
    }
    const auto mutant = Certificate::from_der(tree.encode());
    if (!mutant) {
      ++outcomes["unreadable"];
      continue;
    }
    const auto id = verify(*mutant, {alice[1], alice[0]});
    ++outcomes[word(id)];
    ASSERT_FALSE(id) << i << ": " << to_hex(tree.encode());
  }
  EXPECT_GT(outcomes["bad_chain"], kSelfSigned / 10);
}

// The authority of this test can be talked into signing anything.
TEST_F(Mutants, WhatTheIssuerItselfSignedIsAcceptedOnlyIfItKeepsEveryRule) {
  Mutator m = mutator(3);
  Tally outcomes;
  for (int i = 0; i < kReissued; ++i) {
    Der tree = *Der::parse(alice[0].der());
    m.bend(tree);
    if (tree.children.size() == 3) {
      tree.children[2].nested = false;
      tree.children[2].content = signature_of(intermediate_key, tree.children[0].encode());
    }
    const Bytes der = tree.encode();
    const auto mutant = Certificate::from_der(der);
    if (!mutant) {
      ++outcomes["unreadable"];
      continue;
    }
    const auto id = verify(*mutant, {alice[1]});
    ++outcomes[word(id)];
    if (!id) continue;
    EXPECT_EQ(broken_rule(der, *id), "") << i << ": " << to_hex(der);
  }
  for (const char* each :
       {"accepted", "bad_chain", "expired", "not_yet_valid", "wrong_key_usage", "no_identity"}) {
    EXPECT_GT(outcomes[each], 20 / kShare) << each;
  }
}

}  // namespace
}  // namespace rap::crypto
