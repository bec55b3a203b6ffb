// The sealed file of a backup: opens for its key alone, and every byte of it counts.
#include <gtest/gtest.h>

#include <fstream>

#include "backup/backup_key.hpp"
#include "backup/test_backup.hpp"
#include "base/encoding.hpp"
#include "crypto/keys/digest.hpp"

namespace rap::backup {
namespace {

const Passphrase kPassphrase = "a passphrase of a test";
constexpr std::size_t kPassphraseHeaderBytes = 45;
constexpr std::size_t kRecipientHeaderBytes = 93;

crypto::X25519KeyPair pair(std::uint64_t seed = 11) {
  SeededRandom rng{seed};
  return crypto::X25519KeyPair::generate(rng);
}

TEST(SealedFile, OpensToWhatWasSealedWhateverItsSizeAndPieces) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kChunkBytes - 1, kChunkBytes,
                                 kChunkBytes + 1, 3 * kChunkBytes, 3 * kChunkBytes + 17}) {
    const Bytes plain = some_bytes(size);
    for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{4093}}) {
      const auto back = opened(pair(), sealed(pair().public_key, plain, piece), piece);
      ASSERT_TRUE(back) << size << ": " << explain(back.error());
      EXPECT_EQ(plain, *back) << size;
    }
  }
  const Bytes plain = some_bytes(kChunkBytes + 5);
  EXPECT_EQ(plain, opened(kPassphrase, sealed(kPassphrase, plain)).value());
  EXPECT_EQ(plain, opened(kPassphrase, sealed(kPassphrase, plain), 1).value());
}

TEST(SealedFile, IsWordForWordWhatTheFormatSays) {
  const Bytes with_passphrase = sealed(kPassphrase, as_bytes("content"));
  EXPECT_EQ(
      "7261702d6261636b7570"
      "0001"
      "01",
      to_hex(ByteView(with_passphrase).first(13)));
  EXPECT_EQ(kPassphraseHeaderBytes + 7 + 16, with_passphrase.size());
  const Bytes to_recipient = sealed(pair().public_key, as_bytes("content"));
  EXPECT_EQ(
      "7261702d6261636b7570"
      "0001"
      "02" +
          to_hex(pair().public_key),
      to_hex(ByteView(to_recipient).first(45)));
  EXPECT_EQ(kRecipientHeaderBytes + 7 + 16, to_recipient.size());
  EXPECT_EQ(kRecipientHeaderBytes + 2 * (kChunkBytes + 16),
            sealed(pair().public_key, some_bytes(2 * kChunkBytes)).size())
      << "no empty chunk at the end";
}

// A file that a backup of version 1 was is opened by every later version.
TEST(SealedFile, OpensTheGoldenFilesOfVersionOne) {
  for (const char* name : {"passphrase", "recipient"}) {
    const std::string path = RAP_SOURCE_DIR "/tests/golden/backup/" + std::string(name) + ".hex";
    const bool by_passphrase = std::string(name) == "passphrase";
    const Bytes made = by_passphrase ? sealed(kPassphrase, as_bytes("content"))
                                     : sealed(pair().public_key, as_bytes("content"));
    std::ifstream in(path);
    std::string text;
    in >> text;
    EXPECT_EQ(text, to_hex(made)) << "write it anew only with a new version: " << path;
    const auto back = by_passphrase ? opened(kPassphrase, from_hex(text).value_or(Bytes{}))
                                    : opened(pair(), from_hex(text).value_or(Bytes{}));
    ASSERT_TRUE(back);
    EXPECT_EQ("content", as_text(*back));
  }
}

TEST(SealedFile, HoldsNothingThatCanBeReadWithoutTheKey) {
  const std::string secret(200, 's');
  const Bytes file = sealed(kPassphrase, as_bytes(secret));
  EXPECT_EQ(as_text(file).find("sss"), std::string_view::npos);
}

TEST(SealedFile, SaysWhichKeyItWantsWhenAnotherIsGiven) {
  const Bytes by_passphrase = sealed(kPassphrase, as_bytes("x"));
  const Bytes by_key = sealed(pair().public_key, as_bytes("x"));
  EXPECT_EQ(OpenFault::wrong_passphrase, opened("another passphrase", by_passphrase).error());
  EXPECT_EQ(OpenFault::wants_passphrase, opened(pair(), by_passphrase).error());
  EXPECT_EQ(OpenFault::wants_key, opened(kPassphrase, by_key).error());
  EXPECT_EQ(OpenFault::another_key, opened(pair(12), by_key).error());
}

TEST(SealedFile, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(OpenFault::not_a_backup, opened(kPassphrase, as_bytes("PGDMP\1\2\3")).error());
  EXPECT_EQ(OpenFault::not_a_backup, opened(kPassphrase, {}).error());
  Bytes file = sealed(kPassphrase, as_bytes("x"));
  file[kMagic.size() + 1] = 2;
  EXPECT_EQ(OpenFault::unknown_version, opened(kPassphrase, file).error());
  EXPECT_NE(explain(OpenFault::unknown_version).find("newer rap-control"), std::string::npos);
  file[kMagic.size() + 1] = 1;
  file[kMagic.size() + 2] = 9;
  EXPECT_EQ(OpenFault::unknown_version, opened(kPassphrase, file).error()) << "a method";
}

TEST(SealedFile, CanNotBeSealedToAKeyThatNobodyHas) {
  SeededRandom rng{1};
  EXPECT_FALSE(FileSealer::make(Recipient{}, rng));
}

TEST(SealedFile, IsRefusedWhereverItIsCut) {
  const Bytes plain = some_bytes(2 * kChunkBytes + 100);
  const Bytes file = sealed(pair().public_key, plain);
  // Every place near a border, and steps in between.
  std::vector<std::size_t> cuts;
  for (std::size_t at = 0; at < kRecipientHeaderBytes + 40; ++at) cuts.push_back(at);
  for (std::size_t chunk = 1; chunk <= 2; ++chunk) {
    const std::size_t border = kRecipientHeaderBytes + chunk * kSealedChunkBytes;
    for (std::size_t at = border - 20; at <= border + 20; ++at) cuts.push_back(at);
  }
  for (std::size_t at = 0; at < file.size(); at += 997) cuts.push_back(at);
  for (std::size_t at = file.size() - 130; at < file.size(); ++at) cuts.push_back(at);
  for (const std::size_t at : cuts) {
    EXPECT_FALSE(opened(pair(), ByteView(file).first(at))) << at;
  }
  const std::size_t border = kRecipientHeaderBytes + kSealedChunkBytes;
  EXPECT_EQ(OpenFault::cut_short, opened(pair(), ByteView(file).first(border)).error());
}

TEST(SealedFile, EveryTruncationAndEveryFlippedByteOfASmallOneIsFound) {
  const Bytes plain = some_bytes(300);
  const Bytes file = sealed(pair().public_key, plain);
  for (std::size_t at = 0; at < file.size(); ++at) {
    EXPECT_FALSE(opened(pair(), ByteView(file).first(at))) << "cut at " << at;
    for (const int flip : {0x01, 0x80, 0xff}) {
      Bytes bent = file;
      bent[at] = static_cast<std::uint8_t>(bent[at] ^ flip);
      EXPECT_FALSE(opened(pair(), bent)) << "bent at " << at;
    }
  }
}

TEST(SealedFile, AFlippedByteInAPassphrasesHeaderIsFound) {
  const Bytes file = sealed(kPassphrase, as_bytes("content"));
  for (std::size_t at = 0; at < file.size(); at += 5) {  // each costs a key
    Bytes bent = file;
    bent[at] ^= 0x10;
    EXPECT_FALSE(opened(kPassphrase, bent)) << at;
  }
}

TEST(SealedFile, ChunksMayNotChangePlacesBeLeftOutOrRepeated) {
  const Bytes file = sealed(pair().public_key, some_bytes(3 * kChunkBytes + 9));
  const auto chunk = [&](std::size_t n) {
    const std::size_t at = kRecipientHeaderBytes + n * kSealedChunkBytes;
    return ByteView(file).subspan(at, std::min(kSealedChunkBytes, file.size() - at));
  };
  const auto of = [&](std::initializer_list<std::size_t> order) {
    Bytes out = to_bytes(ByteView(file).first(kRecipientHeaderBytes));
    for (const std::size_t n : order) out.insert(out.end(), chunk(n).begin(), chunk(n).end());
    return out;
  };
  EXPECT_TRUE(opened(pair(), of({0, 1, 2, 3})));
  EXPECT_FALSE(opened(pair(), of({1, 0, 2, 3})));
  EXPECT_FALSE(opened(pair(), of({0, 2, 3})));
  EXPECT_FALSE(opened(pair(), of({0, 1, 1, 2, 3})));
  EXPECT_FALSE(opened(pair(), of({0, 1, 2, 3, 3})));
  EXPECT_EQ(OpenFault::cut_short, opened(pair(), of({0, 1, 2})).error());
  Bytes longer = file;
  longer.push_back(0);
  EXPECT_FALSE(opened(pair(), longer)) << "nothing may follow";
}

TEST(SealedFile, NothingOfAChunkIsHandedOutBeforeItIsKnownToBeWhole) {
  const Bytes plain = some_bytes(2 * kChunkBytes);
  Bytes file = sealed(pair().public_key, plain);
  file[kRecipientHeaderBytes + kSealedChunkBytes + 3] ^= 1;  // in the second chunk
  FileOpener opener(pair());
  Bytes out;
  const auto pushed = opener.push(file, out);
  EXPECT_FALSE(pushed && opener.finish(out));
  EXPECT_EQ(kChunkBytes, out.size());
  EXPECT_TRUE(std::ranges::equal(out, ByteView(plain).first(kChunkBytes)));
}

TEST(BackupKey, TextsComeBackAndASlipOfThePenIsFound) {
  const auto key = pair();
  const std::string recipient = recipient_text(key.public_key);
  EXPECT_TRUE(recipient.starts_with("rap-backup-"));
  EXPECT_EQ(key.public_key, parse_recipient(recipient).value());
  for (std::size_t at = 0; at < recipient.size(); ++at) {
    std::string wrong = recipient;
    wrong[at] = wrong[at] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(parse_recipient(wrong)) << at;
  }
  EXPECT_FALSE(parse_recipient(recipient.substr(0, recipient.size() - 1)));

  const std::string file = key_file_text(key);
  EXPECT_NE(file.find(recipient), std::string::npos);
  EXPECT_EQ(key.secret, parse_key_file(file).value().secret);
  EXPECT_FALSE(parse_key_file(recipient)) << "a recipient opens nothing";
  EXPECT_FALSE(parse_key_file(file + file)) << "one key";
  const std::string line = file.substr(file.rfind("rap-backup-key-"));
  EXPECT_FALSE(parse_recipient(line.substr(0, line.size() - 1))) << "a key is no recipient";
}

}  // namespace
}  // namespace rap::backup
