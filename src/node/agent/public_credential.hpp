// The key and the certificate of a public authority that an entry shows to people in the place of
// the platform's, when its operator gives it some. They are PEM files that others renew; the agent
// looks at them again and again.
//
// Clients believe such a certificate for keys only that the control plane named to them. So another
// key is told of first, with a check-in, and shown once every token is gone that was made before.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "crypto/keys/digest.hpp"
#include "node/agent/actions.hpp"
#include "wire/agent/agent_messages.hpp"

namespace rap::agent {

inline constexpr std::chrono::seconds kPublicFilesLookedAt{10};  // so often
// A client goes by the keys that came with its token, which lives for a minute.
inline constexpr std::chrono::seconds kKeyToldBeforehand{60};

struct PublicFiles {
  std::string chain_pem;  // the leaf first
  std::string key_pem;
  bool operator==(const PublicFiles&) const = default;
};
// The error is a sentence that names the file.
using PublicFilesRead = std::expected<PublicFiles, std::string>;

class PublicCredential {
 public:
  // The host is the one that people reach the node at.
  explicit PublicCredential(std::string host) : host_(std::move(host)) {}

  struct Step {
    bool tell_identity = false;  // the fabric is to show another one
    std::optional<Say> say = std::nullopt;
  };
  // What the files hold now. Those that are no good change nothing but that it is said, once.
  Step looked(const PublicFilesRead& files, MonoTime now, WallTime wall);

  // What check-ins say. Empty keys: the platform's own certificate is shown.
  struct Told {
    std::vector<crypto::Sha256> keys;  // of the one that is shown, and of the next
    WallTime not_before{};
    WallTime not_after{};
  };
  Told tell();  // with a check-in that begins now
  void check_in_succeeded(MonoTime now);

  // What the fabric shows; nullptr: the platform's own.
  const wire::Credential* shown() const { return shown_ ? &shown_->credential : nullptr; }

 private:
  struct One {
    PublicFiles files;
    wire::Credential credential;
    crypto::Sha256 key{};
    WallTime not_before{};
    WallTime not_after{};
  };
  std::expected<One, std::string> judge(const PublicFilesRead& files, WallTime wall) const;
  Step refuse(const std::string& why, WallTime wall);
  Step show(One one);

  std::string host_;
  std::optional<One> shown_;
  std::optional<One> next_;
  bool next_is_told_ = false;  // with the check-in under way
  std::optional<MonoTime> next_is_known_since_;
  std::string refusal_said_;
};

}  // namespace rap::agent
