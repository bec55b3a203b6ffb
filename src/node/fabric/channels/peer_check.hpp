// What the certificate of a connected peer is worth right now (CH-2): judged when the connection
// opens and again at every revalidation, each time with the roots, the time and the revocations of
// that moment.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "crypto/x509/certificate.hpp"
#include "crypto/x509/validation/deny_list.hpp"
#include "io/stream/tls_stream.hpp"
#include "node/channel/lifecycle.hpp"

namespace rap::fabric {

struct PeerCheck {
  std::vector<crypto::Certificate> roots;
  std::shared_ptr<const crypto::DenyList> deny;

  channel::Verdict operator()(io::Stream& stream, WallTime now) const;
  // The peer shows another certificate. nullopt: that is no proof at all. A proof of something that
  // is not good here and now leaves the old one in force, which the verdict then is of.
  std::optional<channel::Verdict> reauthentication(io::Stream& stream, ByteView payload,
                                                   WallTime now) const;
};

channel::FailureReason reason_of(crypto::CertificateFault fault);
channel::FailureReason reason_of(const io::StreamError& error);

}  // namespace rap::fabric
