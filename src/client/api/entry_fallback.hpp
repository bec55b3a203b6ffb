// Which entries were passed over, and why (PK-9): the person and the platform are told, so
// that nobody lives on the second choice for long without being seen to.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/x509/validation/certificate_path.hpp"
#include "wire/fallback_cause.hpp"
#include "wire/flow_reason.hpp"

namespace rap::client {

// The cause of a connection that never carried anything; without a fault there was none at all.
wire::FallbackCause cause_of(std::optional<crypto::CertificateFault> fault);

// The cause of a flow that was not accepted, when another entry may do better; else nullopt. Every
// candidate comes with a token of its own, so one that an entry does not take says little about
// the next.
std::optional<wire::FallbackCause> worth_another_entry(wire::FlowReason reason);

struct Fallback {
  std::string entry;  // host:port
  wire::FallbackCause cause{};
};

class FallbackLog {
 public:
  static constexpr std::size_t kMaxKept = 64;  // the first ones, of one command

  explicit FallbackLog(std::ostream& err) : err_(err) {}

  void note(const std::string& entry, wire::FallbackCause cause, std::string_view detail);
  std::vector<Fallback> take();

 private:
  std::ostream& err_;
  std::vector<Fallback> kept_;
};

}  // namespace rap::client
