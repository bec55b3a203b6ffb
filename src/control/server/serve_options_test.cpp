#include "control/server/serve_options.hpp"

#include <gtest/gtest.h>

namespace rap::control::server {
namespace {

ServeOptions good() {
  ServeOptions options;
  options.state = "/state";
  options.public_url = "https://control.example:8443";
  options.node_url = "control.example:9091";
  return options;
}

std::string wrong(const ServeOptions& options) {
  const auto checked = check_options(options);
  return checked ? std::string{} : checked.error();
}

TEST(ServeOptions, AreTakenWithTheirDefaults) {
  const auto at = check_options(good());
  ASSERT_TRUE(at) << at.error();
  EXPECT_EQ("127.0.0.1:8443", at->api.str());
  EXPECT_EQ("127.0.0.1:9091", at->node.str());
  EXPECT_EQ("127.0.0.1:9092", at->ocsp.str());
}

TEST(ServeOptions, LetTheKernelChooseAPort) {
  EXPECT_EQ(0, parse_listen("--listen", "127.0.0.1:0")->port);
  EXPECT_EQ(0, parse_listen("--listen", "[::1]:0")->port);
  EXPECT_EQ("::1", parse_listen("--listen", "[::1]:0")->host);
  EXPECT_EQ(65535, parse_listen("--listen", "127.0.0.1:65535")->port);
}

TEST(ServeOptions, RefuseWhatIsNoAddressAndNameTheOption) {
  for (const char* text : {"", ":", ":0", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                           "127.0.0.1:-1", "127.0.0.1:00", "::1:8443:", "127.0.0.1:8443/x"}) {
    const auto parsed = parse_listen("--node-listen", text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ("--node-listen must be IP:PORT, not " + std::string(text), parsed.error());
  }
}

TEST(ServeOptions, AreCheckedOneByOne) {
  const auto with = [](auto change) {
    ServeOptions options = good();
    change(options);
    return wrong(options);
  };
  EXPECT_TRUE(with([](auto& o) { o.listen = "x"; }).starts_with("--listen "));
  EXPECT_TRUE(with([](auto& o) { o.node_listen = "x"; }).starts_with("--node-listen "));
  EXPECT_TRUE(with([](auto& o) { o.ocsp_listen = "x"; }).starts_with("--ocsp-listen "));
  EXPECT_TRUE(with([](auto& o) { o.node_url = "https://x"; }).starts_with("--node-url "));
  EXPECT_TRUE(with([](auto& o) { o.public_url = "http://x:1"; }).starts_with("--public-url "));
  EXPECT_TRUE(with([](auto& o) { o.ocsp_url = "https://x/ocsp/"; }).starts_with("--ocsp-url "));
}

TEST(ServeOptions, TellCertificatesWhereTheResponderIs) {
  ServeOptions options = good();
  EXPECT_EQ("http://control.example:4711/ocsp/", ocsp_url_of(options, 4711));
  options.node_url = "[2001:db8::1]:9091";
  EXPECT_EQ("http://[2001:db8::1]:4711/ocsp/", ocsp_url_of(options, 4711));
  options.ocsp_url = "http://ocsp.example/ocsp/";
  EXPECT_EQ("http://ocsp.example/ocsp/", ocsp_url_of(options, 4711));
}

}  // namespace
}  // namespace rap::control::server
