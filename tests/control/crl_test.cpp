// The revocation list of the issuer, over HTTP and out of the inventory.
#include "control/pki/status/crl_responder.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "control/pki/ocsp_signers.hpp"
#include "test_world.hpp"

namespace rap::store {
namespace {

using namespace std::chrono_literals;

class CrlOverHttp : public ::testing::Test {
 protected:
  wire::HttpResponse get(const std::string& path = "/crl", const std::string& tag = "") {
    wire::HttpRequest request = ControlPlane::request_of("GET", path, {});
    if (!tag.empty()) request.headers.emplace_back("if-none-match", tag);
    EXPECT_TRUE(control::asks_for_crl(request));
    return control::answer_crl(w.control->status(), request, w.control->now);
  }
  std::string tag() { return std::string(get().header("etag")); }
  static bool lists(const wire::HttpResponse& response, const std::string& serial) {
    return response.body.find(as_text(*from_hex(serial))) != std::string::npos;
  }
  void revoke(const std::string& serial, bool key = false) {
    const Answered done =
        w.as("root", "POST", "certificates/" + serial + "/revoke", {{"key", key}});
    EXPECT_EQ(done.status, 200) << done.text;
  }
  SeededWorld w;
  const std::string relay = seed().serials.at(seed().relay);
};

TEST_F(CrlOverHttp, ListsARevokedCertificateAtOnceAndNoOther) {
  const auto before = get();
  EXPECT_EQ(before.status, 200);
  EXPECT_EQ(before.content_type, "application/pkix-crl");
  EXPECT_EQ(before.header("cache-control"), "max-age=300");
  EXPECT_FALSE(lists(before, relay));
  revoke(relay);
  const auto after = get();
  EXPECT_TRUE(lists(after, relay));
  EXPECT_FALSE(lists(after, seed().serials.at(seed().egress)));
  EXPECT_GT(after.header("etag"), before.header("etag"));
}

TEST_F(CrlOverHttp, IsKeptUntilSomethingIsRevokedOrItGetsOld) {
  const std::string first = tag();
  w.control->now += 59min;
  EXPECT_EQ(tag(), first);
  EXPECT_EQ(get("/crl", first).status, 304);
  EXPECT_TRUE(get("/crl", first).body.empty());
  // What changes nothing in it makes no new one.
  EXPECT_LT(w.as("root", "POST", "join-tokens", {{"node_name", "another"}}).status, 300);
  EXPECT_EQ(tag(), first);
  w.control->now += 2min;
  EXPECT_GT(tag(), first);
  EXPECT_EQ(get("/crl", first).status, 200);
}

TEST_F(CrlOverHttp, IsTheSameFromEveryServer) {
  const auto here = get();
  ControlPlane second(w.conninfo);
  EXPECT_EQ(control::answer_crl(second.status(), ControlPlane::request_of("GET", "/crl", {}),
                                w.control->now)
                .body,
            here.body);
}

TEST_F(CrlOverHttp, AnExpiredCertificateIsOnOneListMoreAndThenGone) {
  revoke(relay);
  EXPECT_TRUE(lists(get(), relay));
  w.control->now += control::kNodeCertificateLifetime;
  EXPECT_TRUE(lists(get(), relay));
  w.control->now += 3h;
  EXPECT_FALSE(lists(get(), relay));
}

TEST_F(CrlOverHttp, IsOfTheIssuerThatIsNamed) {
  const std::string ref = w.control->current->ca_ref();
  EXPECT_EQ(get("/crl/" + ref).body, get().body);
  EXPECT_EQ(get("/crl/rap-0000000000000000").status, 404);
  EXPECT_EQ(control::crl_url("http://h:9092/ocsp/", ref), "http://h:9092/crl/" + ref);
  EXPECT_EQ(control::crl_url("http://h:9092/else", ref), "");
}

TEST_F(CrlOverHttp, ANumberNeverGoesBackNotEvenWithTheDatabase) {
  const std::string first = tag();
  SeededWorld restored;  // as of before anything was published
  restored.control->now = w.control->now + 1h;
  const auto then =
      control::answer_crl(restored.control->status(), ControlPlane::request_of("GET", "/crl", {}),
                          restored.control->now);
  EXPECT_GT(then.header("etag"), first);
}

}  // namespace
}  // namespace rap::store
