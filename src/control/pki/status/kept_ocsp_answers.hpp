// Signed answers about certificates of the inventory, kept for who asks next. They count as long as
// the inventory has the version at which they were given, and one small reading of that confirms
// all of them for kStatusAge: without the database, or without anybody who reads, none counts.
//
// Never kept: an answer with a nonce, one about several certificates, one that names its
// certificate in another form than everybody, and one about a certificate that was never issued, of
// which strangers may ask for any number. So there are as many as the inventory has certificates,
// once for each hash, whoever asks and however often: no source has a share to be bounded.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "control/pki/ocsp_signers.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::control {

// How far back "as it is" reaches at most: for so long an answer may still be what was right before
// a change that nobody announced. One that is announced (forget) is seen at once.
inline constexpr std::chrono::milliseconds kStatusAge{20};
// Each of 5,000 nodes has two certificates, for a while with a predecessor each.
inline constexpr std::size_t kMaxKeptOcspAnswers = 24576;
inline constexpr std::size_t kMaxKeptOcspBytes = std::size_t{32} << 20;
// An id of ours has 80 to 104 bytes; a longer one is answered and not kept.
inline constexpr std::size_t kMaxKeptOcspId = 256;
// An answer is as good as new for a sixteenth of its validity, and never longer than this: who
// fetches it every quarter of an hour shows none that clients find too old.
inline constexpr int kOcspKeptShare = 16;
inline constexpr std::chrono::seconds kMaxOcspKept{300};
// Those that are past their time make room, looked for this often when there is none.
inline constexpr std::chrono::seconds kKeptOcspSweep{1};

std::chrono::seconds ocsp_kept_for(std::chrono::seconds validity);

struct Moment {
  WallTime wall{};
  MonoTime mono{};
};

struct KeptOcspAnswer {
  std::shared_ptr<const OcspSigner> signer;
  Bytes id;  // as the request has it, which the answer repeats
  crypto::OcspStatus::Kind kind = crypto::OcspStatus::Kind::unknown;
  WallTime this_update{};
  WallTime keep_until{};
  std::string body;
};

struct KeptOcspFigures {
  std::size_t answers = 0;
  std::size_t bytes = 0;
  std::uint64_t used = 0;  // so often an answer came from here
};

// The port. From any thread.
class KeptOcspAnswers {
 public:
  virtual ~KeptOcspAnswers() = default;
  // A reading of the inventory's version: when it began, and what had been heard by then.
  struct Reading {
    MonoTime began{};
    std::uint64_t generation = 0;
  };

  // What was answered to that before, when it still counts. `signer` is who would sign now.
  virtual std::shared_ptr<const KeptOcspAnswer> find(const crypto::OcspCertId& id,
                                                     const OcspSigner& signer, Moment now) = 0;
  virtual Reading begin(MonoTime now) const = 0;
  // What that reading found; nullopt: nothing could be read.
  virtual void read(const Reading& reading, const std::optional<std::string>& version) = 0;
  // An answer from a look at the inventory that came after its version was read as `version`. It
  // takes the place of an older one about that certificate.
  virtual void keep(const crypto::OcspCertId& id, KeptOcspAnswer answer, const std::string& version,
                    Moment now) = 0;
};

// What is behind that port, for one thread at a time.
class OcspAnswerMemory final : public KeptOcspAnswers {
 public:
  std::shared_ptr<const KeptOcspAnswer> find(const crypto::OcspCertId& id, const OcspSigner& signer,
                                             Moment now) override;
  Reading begin(MonoTime now) const override { return {now, generation_}; }
  void read(const Reading& reading, const std::optional<std::string>& version) override;
  void keep(const crypto::OcspCertId& id, KeptOcspAnswer answer, const std::string& version,
            Moment now) override;
  // Something changed: what was read before now counts no more.
  void forget();

  KeptOcspFigures figures() const { return {answers_.size(), bytes_, used_}; }

 private:
  struct Key {
    std::string ca_ref;
    std::string serial;
    crypto::OcspHash hash = crypto::OcspHash::sha1;
    auto operator<=>(const Key&) const = default;
  };
  using Answers = std::map<Key, std::shared_ptr<const KeptOcspAnswer>>;

  bool is_confirmed(MonoTime now) const;
  bool has_room(std::size_t bytes) const;
  Answers::iterator remove(Answers::iterator at);
  void clear();
  void sweep(Moment now);

  std::uint64_t generation_ = 0;
  bool confirmed_ = false;
  MonoTime confirmed_at_{};  // when the reading began that confirmed the version last
  MonoTime swept_at_{};
  std::string version_;  // of all that is kept
  Answers answers_;
  std::size_t bytes_ = 0;
  std::uint64_t used_ = 0;
};

}  // namespace rap::control
