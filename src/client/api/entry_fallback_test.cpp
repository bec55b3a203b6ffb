#include "client/api/entry_fallback.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace rap::client {
namespace {

using wire::FallbackCause;
using wire::FlowReason;
using Fault = crypto::CertificateFault;

TEST(Fallbacks, EveryFaultOfACertificateHasItsCause) {
  EXPECT_EQ(cause_of(Fault::expired), FallbackCause::certificate_expired);
  EXPECT_EQ(cause_of(Fault::wrong_name), FallbackCause::hostname_mismatch);
  EXPECT_EQ(cause_of(Fault::unknown_root), FallbackCause::unknown_ca);
  EXPECT_EQ(cause_of(Fault::revoked), FallbackCause::certificate_revoked);
  EXPECT_EQ(cause_of(Fault::status_revoked), FallbackCause::certificate_revoked);
  EXPECT_EQ(cause_of(Fault::bad_status), FallbackCause::status_not_good);
  EXPECT_EQ(cause_of(Fault::wrong_kind), FallbackCause::certificate_invalid);
  EXPECT_EQ(cause_of(std::nullopt), FallbackCause::unreachable);
}

TEST(Fallbacks, ATokenThatOneEntryDoesNotTakeIsTriedAtNoOtherButAnotherTokenIs) {
  EXPECT_EQ(worth_another_entry(FlowReason::token_invalid), FallbackCause::token_failure);
  EXPECT_EQ(worth_another_entry(FlowReason::wrong_entry), FallbackCause::token_failure);
  EXPECT_EQ(worth_another_entry(FlowReason::token_replayed), std::nullopt);
  EXPECT_EQ(worth_another_entry(FlowReason::token_expired), std::nullopt);
  EXPECT_EQ(worth_another_entry(FlowReason::session_ended), std::nullopt);
}

TEST(Fallbacks, AreSaidAndKeptUpToABound) {
  std::ostringstream err;
  FallbackLog log(err);
  log.note("192.0.2.1:4443", FallbackCause::unknown_ca, "unknown_root");
  EXPECT_EQ(err.str(), "rap: entry 192.0.2.1:4443 is passed over (unknown_ca): unknown_root\n");
  for (std::size_t i = 0; i < FallbackLog::kMaxKept; ++i) {
    log.note("192.0.2.2:4443", FallbackCause::unreachable, "");
  }
  EXPECT_EQ(log.take().size(), FallbackLog::kMaxKept);
  EXPECT_TRUE(log.take().empty());
}

}  // namespace
}  // namespace rap::client
