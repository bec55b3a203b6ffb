// What the control plane says about the certificates it issued (CP-5, RFC 6960): signed on demand
// by a delegate of the issuer, from the inventory, never from a cache.
#pragma once

#include <string_view>

#include "control/pki/status/ports.hpp"
#include "wire/http/http_message.hpp"

namespace rap::control {

// The listener's answers: POST of a request, or GET with it in base64 in the path (RFC 6960 §A.1),
// and what crl.hpp has.
class OcspResponder {
 public:
  // `database` may be another than the other listeners have: nothing is shared with them but the
  // keys.
  OcspResponder(Database& database, OcspPorts ports);

  // It may be called from any thread, and never throws.
  wire::HttpResponse handle(const wire::HttpRequest& request, WallTime now);

 private:
  wire::HttpResponse answer(const wire::HttpRequest& request, WallTime now,
                            std::string_view& outcome);
  Bytes answer(ByteView body, WallTime now, std::string_view& outcome);

  Database& database_;
  OcspPorts ports_;
};

}  // namespace rap::control
