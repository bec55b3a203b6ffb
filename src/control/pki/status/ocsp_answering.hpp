// What is answered to an OCSP request (CP-5), whichever way it came: the responder's plain HTTP, or
// the listener of nodes (CP-6). From the inventory, signed by a delegate of the issuer when it is
// asked for, or a moment ago for somebody else (kept_ocsp_answers.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/pki/status/kept_ocsp_answers.hpp"
#include "control/pki/status/ports.hpp"

namespace rap::control {

// How a request was answered, for the metrics.
namespace ocsp_outcome {
inline constexpr std::string_view kGood = "good";
inline constexpr std::string_view kRevoked = "revoked";
inline constexpr std::string_view kUnknown = "unknown";
inline constexpr std::string_view kMalformed = "malformed_request";
inline constexpr std::string_view kUnauthorized = "unauthorized";
inline constexpr std::string_view kTryLater = "try_later";
}  // namespace ocsp_outcome

struct OcspAnswered {
  std::string body;  // DER
  std::string_view outcome = ocsp_outcome::kTryLater;

  bool is_about_a_certificate() const {
    return outcome == ocsp_outcome::kGood || outcome == ocsp_outcome::kRevoked ||
           outcome == ocsp_outcome::kUnknown;
  }
};

class OcspAnswering {
 public:
  // Several with databases of their own may share what is kept. Who hears of changes says so to
  // that.
  OcspAnswering(Database& database, KeptOcspAnswers& kept, OcspPorts ports)
      : database_(database), kept_(kept), ports_(ports) {}

  // It may be called from any thread, and throws what cryptography throws.
  OcspAnswered answer(ByteView request, Moment now) const;
  // The same without waiting for anything, when that can be: the answer is kept and counts.
  std::optional<OcspAnswered> answer_at_once(ByteView request, Moment now) const;

 private:
  // What is asked, and who answers that; no signer: none of ours.
  struct Asked {
    crypto::OcspRequest request;
    std::shared_ptr<const OcspSigner> signer;
  };

  OcspAnswered answer(const Asked& asked, Moment now) const;
  std::optional<Asked> read(ByteView request, WallTime now) const;

  Database& database_;
  KeptOcspAnswers& kept_;
  OcspPorts ports_;
};

}  // namespace rap::control
