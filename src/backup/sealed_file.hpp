// A file that only a passphrase or the holder of a key can read, and whose every byte counts: a
// cut, a swap or a flipped bit is found before what follows it is believed
// (docs/operations/backup-file.md). Both directions work on pieces of any size and hold a chunk at
// most, however large the file is.
//
//   header   "rap-backup", version, method, and what the method needs to find the key
//   chunks   kChunkBytes each, the last one less, every one sealed under its number and whether it
//            is the last
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "crypto/sealing/sealing.hpp"

namespace rap::backup {

inline constexpr std::string_view kMagic = "rap-backup";
inline constexpr std::uint16_t kFileVersion = 1;
inline constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kSealedChunkBytes = kChunkBytes + crypto::kSealTag;

using Passphrase = std::string;
using Recipient = crypto::X25519Public;
using Lock = std::variant<Passphrase, Recipient>;               // what seals
using Unlock = std::variant<Passphrase, crypto::X25519KeyPair>;  // what opens

enum class OpenFault : std::uint8_t {
  not_a_backup,      // another kind of file, or the first bytes are damaged
  unknown_version,   // of a newer rap-control, or damaged
  wants_passphrase,  // a key was given
  wants_key,         // a passphrase was given
  another_key,       // it is sealed to somebody else
  wrong_passphrase,  // or a damaged header: nobody can tell
  damaged,           // a chunk is not what was sealed there
  cut_short,         // a whole number of chunks, and not the last
};
std::string explain(OpenFault fault);  // a sentence with what to do

class FileSealer {
 public:
  // nullopt when the recipient is no key that a key pair can have.
  static std::optional<FileSealer> make(const Lock& lock, RandomSource& rng);

  // Each appends to `out`. The first push begins with the header; nothing comes after finish().
  void push(ByteView plain, Bytes& out);
  void finish(Bytes& out);

 private:
  FileSealer(Bytes header, crypto::SealKey key)
      : header_(std::move(header)), key_(std::move(key)) {}
  void seal(bool last, Bytes& out);

  Bytes header_;  // until it was written
  crypto::SealKey key_;
  Bytes chunk_;
};

class FileOpener {
 public:
  explicit FileOpener(Unlock unlock) : unlock_(std::move(unlock)) {}

  // Appends what it is sure of to `out`. After a fault nothing more may be pushed.
  std::expected<void, OpenFault> push(ByteView sealed, Bytes& out);
  std::expected<void, OpenFault> finish(Bytes& out);

 private:
  std::expected<void, OpenFault> read_header();
  std::expected<void, OpenFault> find_key(ByteView header);
  std::expected<void, OpenFault> open(bool last, Bytes& out);

  Unlock unlock_;
  Bytes waiting_;  // a header, or a chunk of which it is not known yet whether it is the last
  std::optional<crypto::SealKey> key_;
  bool any_ = false;  // chunk was opened
};

}  // namespace rap::backup
