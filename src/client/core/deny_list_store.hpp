// The platform's deny list in this home, beside the roots (PK-5, PK-8): taken when the server gives
// a newer one, never an older one, and good for its time only. A connection to an entry needs one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "client/core/failure.hpp"
#include "client/core/home.hpp"
#include "crypto/x509/validation/deny_list.hpp"

namespace rap::client {

inline constexpr std::string_view kDenyListFile = "deny-list.json";

// A deny list as an answer brings it.
struct GivenDenyList {
  std::string envelope;
  std::string signer;  // PEM
};

class DenyListStore {
 public:
  explicit DenyListStore(Home& home) : home_(home) {}

  // What is kept is read. What does not verify under these roots, or has expired, denies nothing,
  // but its version stays the oldest that is taken.
  void load(const std::string& roots_pem, WallTime now);
  std::uint64_t version() const { return version_; }  // 0: none is in force
  // The server is told this, so that it gives none but a newer one.
  std::optional<std::int64_t> known_version() const {
    if (version_ == 0) return std::nullopt;
    return static_cast<std::int64_t>(version_);
  }
  // The list is null when none is in force, and the same object while it says the same.
  std::shared_ptr<const crypto::DenyList> current() const { return current_; }

  // The list that came with an attachment is put in force and kept; without one, the kept one has
  // to be good still.
  Fallible<void> take(const std::optional<GivenDenyList>& given, const std::string& roots_pem,
                      ClusterId cluster, WallTime now);

 private:
  Fallible<void> put(const GivenDenyList& given, const std::string& roots_pem, ClusterId cluster,
                     WallTime now);

  Home& home_;
  std::optional<ClusterId> cluster_;  // whose list was kept
  std::uint64_t floor_ = 0;  // of its versions
  std::uint64_t version_ = 0;
  WallTime expires_at_{};
  std::string content_;
  std::shared_ptr<const crypto::DenyList> current_;
};

}  // namespace rap::client
