#include "dialling/http_proxy.hpp"

#include <gtest/gtest.h>

#include "dialling/http_tunnel.hpp"

namespace rap::dialling {
namespace {

const HttpProxy kProxy{"proxy.corp", 3128};

std::string refused(std::string_view value) {
  const auto proxy = parse_http_proxy(value);
  return proxy ? "taken as " + proxy->str() : proxy.error();
}

TEST(HttpProxy, IsNamedAsCurlReadsIt) {
  EXPECT_EQ(parse_http_proxy("http://proxy.corp:3128"), kProxy);
  EXPECT_EQ(parse_http_proxy("HTTP://proxy.corp:3128/"), kProxy);
  EXPECT_EQ(parse_http_proxy("proxy.corp:3128"), kProxy);
  EXPECT_EQ(parse_http_proxy("http://proxy.corp")->port, 80);
  EXPECT_EQ(parse_http_proxy("http://[2001:db8::1]:3128")->str(), "[2001:db8::1]:3128");
}

TEST(HttpProxy, IsAuthorizedByWhatItsUrlSaysAndNeverShowsIt) {
  const auto proxy = parse_http_proxy("http://us%65r:p%40ss@proxy.corp:3128");
  ASSERT_TRUE(proxy);
  EXPECT_EQ(proxy->authorization, "Basic dXNlcjpwQHNz");  // user:p@ss
  EXPECT_EQ(proxy->str(), "proxy.corp:3128");
  EXPECT_EQ(parse_http_proxy("http://user@proxy.corp")->authorization, "Basic dXNlcjo=");
  for (const char* wrong : {"http://user:secret@", "https://user:secret@proxy.corp",
                            "http://user:secret%4@proxy.corp", "http://user:secret@proxy corp"}) {
    EXPECT_EQ(refused(wrong).find("secret"), std::string::npos) << wrong;
    EXPECT_FALSE(parse_http_proxy(wrong)) << wrong;
  }
}

TEST(HttpProxy, IsRefusedWithWhatIsWrong) {
  const std::string expected =
      "HTTPS_PROXY must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT";
  for (const char* wrong : {"", "http://", "http://proxy.corp:0", "http://proxy.corp:70000",
                            "http://proxy.corp/path", "http://pro xy"}) {
    EXPECT_EQ(refused(wrong), expected) << wrong;
  }
  EXPECT_EQ(refused("socks5://proxy.corp:1080"),
            "HTTPS_PROXY names a proxy of the kind socks5; only http:// is spoken to proxies");
}

TEST(NoProxy, ExemptsAddressesBlocksNamesAndWhatIsBelowThem) {
  const std::string list = "localhost,127.0.0.1, 10.0.0.0/8 .corp.test,Exact.Example.,*.star.test";
  for (const char* host : {"localhost", "127.0.0.1", "10.200.0.1", "corp.test", "a.b.corp.test",
                           "exact.example", "below.exact.example", "CORP.TEST.", "x.star.test"}) {
    EXPECT_TRUE(is_exempt(list, host, 443)) << host;
  }
  for (const char* host :
       {"127.0.0.2", "11.0.0.1", "corp.test.example", "notcorp.test", "example", "2001:db8::1"}) {
    EXPECT_FALSE(is_exempt(list, host, 443)) << host;
  }
  EXPECT_TRUE(is_exempt("*", "anything", 443));
  EXPECT_TRUE(is_exempt("2001:db8::/32", "2001:db8::1", 443));
  EXPECT_TRUE(is_exempt("[2001:db8::1]", "2001:db8::1", 443));
  EXPECT_FALSE(is_exempt("", "anything", 443));
  EXPECT_FALSE(is_exempt(" , ", "anything", 443));
}

TEST(NoProxy, ExemptsOnlyThePortThatItNames) {
  EXPECT_TRUE(is_exempt("db.corp:5432", "db.corp", 5432));
  EXPECT_FALSE(is_exempt("db.corp:5432", "db.corp", 443));
  EXPECT_TRUE(is_exempt("10.0.0.1:8443,[2001:db8::1]:443", "2001:db8::1", 443));
}

TEST(ProxyChoice, IsWhatTheEnvironmentSays) {
  const auto choose = [](std::string_view proxy, std::string_view none, std::string_view host) {
    return choose_proxy(proxy, none, host, 443);
  };
  EXPECT_EQ(choose("http://proxy.corp:3128", "", "control.test"), kProxy);
  EXPECT_EQ(choose("http://proxy.corp:3128", "control.test", "control.test"), std::nullopt);
  EXPECT_EQ(choose("", "", "control.test"), std::nullopt);
  EXPECT_FALSE(choose("nonsense:", "", "control.test"));
  EXPECT_EQ(choose("nonsense:", "control.test", "control.test"), std::nullopt);
}

TEST(ProxyChoice, LeavesTheLoopbackToAProxyThatIsThere) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) {
    EXPECT_EQ(choose_proxy("http://proxy.corp:3128", "", host, 443), std::nullopt) << host;
    EXPECT_NE(choose_proxy("http://127.0.0.1:3128", "", host, 443), std::nullopt) << host;
  }
}

TEST(HttpTunnel, IsAskedForWithTheHostThatTheProxyIsToReach) {
  EXPECT_EQ(tunnel_request(kProxy, "control.test", 8443),
            "CONNECT control.test:8443 HTTP/1.1\r\nHost: control.test:8443\r\n\r\n");
  EXPECT_EQ(tunnel_request({"proxy.corp", 3128, "Basic dXNlcjo="}, "2001:db8::1", 443),
            "CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n"
            "Proxy-Authorization: Basic dXNlcjo=\r\n\r\n");
}

TEST(HttpTunnel, StandsWhenTheWholeAnswerHasCome) {
  const std::string answer = "HTTP/1.0 200 Connection established\r\nProxy-agent: x\r\n\r\n";
  for (std::size_t n = 0; n < answer.size(); ++n) {
    EXPECT_EQ(judge_tunnel_answer(kProxy, std::string_view(answer).substr(0, n)), false) << n;
  }
  EXPECT_EQ(judge_tunnel_answer(kProxy, answer), true);
  EXPECT_EQ(judge_tunnel_answer(kProxy, "HTTP/1.1 204\r\n\r\n"), true);
}

TEST(HttpTunnel, FailsWithWhatTheProxySaysAndWhatToDo) {
  const auto fault = [](const std::string& answer) {
    const auto judged = judge_tunnel_answer(kProxy, answer);
    return judged ? "no fault" : judged.error();
  };
  EXPECT_EQ(fault("HTTP/1.1 407 Proxy Authentication Required\r\n"),
            "the proxy proxy.corp:3128 refuses: 407 Proxy Authentication Required; put "
            "http://USER:PASSWORD@HOST:PORT into HTTPS_PROXY");
  EXPECT_EQ(fault("HTTP/1.1 403 Access violation\r\n\r\n"),
            "the proxy proxy.corp:3128 refuses: 403 Access violation; have it allow that host and "
            "port, or name it in NO_PROXY");
  EXPECT_EQ(fault("HTTP/1.1 502 \x1b[31mBad\r\n\r\n"),
            "the proxy proxy.corp:3128 refuses: 502 ?[31mBad");
  for (const char* other : {"SSH-2.0-OpenSSH\r\n", "\x16\x03\x01", "HTTP/1.1 2000 ok\r\n\r\n",
                            "HTTP/2 200\r\n\r\n", "HTTP/1.1 20\r\n\r\n"}) {
    EXPECT_EQ(fault(other), "the proxy proxy.corp:3128 does not speak HTTP") << other;
  }
  EXPECT_EQ(fault("HTTP/1.1 200 ok\r\n\r\nmore"),
            "the proxy proxy.corp:3128 sends more than its answer");
  EXPECT_EQ(fault("HTTP/1.1 200 ok\r\n" + std::string(kMaxTunnelHeadBytes, 'x')),
            "the proxy proxy.corp:3128 answers without an end");
}

}  // namespace
}  // namespace rap::dialling
