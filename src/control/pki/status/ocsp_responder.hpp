// What the control plane says about the certificates it issued (CP-5, RFC 6960): from the
// inventory, signed by a delegate of the issuer when it is asked for, or a moment ago for somebody
// else (kept_ocsp_answers.hpp).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "control/pki/status/kept_ocsp_answers.hpp"
#include "control/pki/status/ports.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

// The listener's answers: POST of a request, or GET with it in base64 in the path (RFC 6960 §A.1),
// and what crl.hpp has.
class OcspResponder {
 public:
  // `database` may be another than the other listeners have: nothing is shared with them but the
  // keys. Who hears of changes says so to what is kept.
  OcspResponder(Database& database, KeptOcspAnswers& kept, OcspPorts ports);

  // It may be called from any thread, and never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, Moment now);
  // The same without waiting for anything, when that can be: the answer is kept and counts.
  std::optional<wire::HttpResponse> handle_at_once(const wire::HttpRequest& request, Moment now);

 private:
  // What is asked, and who answers that; no signer: none of ours.
  struct Asked {
    crypto::OcspRequest request;
    std::shared_ptr<const OcspSigner> signer;
  };

  wire::HttpResponse answer(const wire::HttpRequest& request, Moment now,
                            std::string_view& outcome);
  std::string answer(ByteView body, Moment now, std::string_view& outcome);
  std::string answer(const Asked& asked, Moment now, std::string_view& outcome);
  std::optional<Asked> read(ByteView body, WallTime now);

  Database& database_;
  KeptOcspAnswers& kept_;
  OcspPorts ports_;
};

}  // namespace rap::control
