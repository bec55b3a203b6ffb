// What the control plane says over plain HTTP about the certificates it issued (CP-5, RFC 6960).
#pragma once

#include <optional>
#include <string_view>

#include "control/pki/status/ocsp_answering.hpp"
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
  wire::HttpResponse answer(const wire::HttpRequest& request, Moment now,
                            std::string_view& outcome);

  Database& database_;
  OcspPorts ports_;
  OcspAnswering answering_;
};

}  // namespace rap::control
