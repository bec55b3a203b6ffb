#include "client/access/ssh_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace rap::client {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kKey = "ssh-ed25519 AAAA";

OpenResource resource(const std::string& name, std::optional<std::string> key = {}) {
  return {"id-1", name, "acme", "ssh", std::move(key)};
}
SshPlaces places() { return {"/usr/bin/rap", "/h", "/h/known_hosts", "/h/hosts/id-1"}; }
std::vector<std::string> call(const OpenResource& r, const std::vector<std::string>& words) {
  return ssh_call(places(), r, read_ssh_arguments(words).value());
}

TEST(SshHost, NothingInANameReachesTheShell) {
  const SshPlaces odd{"/opt/a b/rap", "/home/x%y", "/home/x%y/known hosts", ""};
  const auto words = ssh_call(odd, resource("a'; rm -rf %h"), read_ssh_arguments({"x"}).value());
  EXPECT_THAT(words, Contains("ProxyCommand='/opt/a b/rap' proxy --organization 'acme' --unpinned "
                              "'a'\\''; rm -rf %%h'"));
  EXPECT_THAT(words, Contains("UserKnownHostsFile=\"/home/x%%y/known hosts\""));
  EXPECT_THAT(words, Contains("HostKeyAlias=rap-acme-a_27_3b_20rm_20-rf_20_25h"));
}

TEST(SshHost, TheWordsOfThePersonFollowOursInTheirOrder) {
  const auto words = call(resource("office", kKey), {"-A", "-L", "8080:127.0.0.1:80", "-l", "bob",
                                                     "office", "-t", "--", "ls", "[a,b]"});
  const auto own = std::ranges::find(words, "-A");
  EXPECT_THAT(std::vector(own, words.end()),
              ElementsAre("-A", "-L", "8080:127.0.0.1:80", "-l", "bob", "rap-acme-office", "-t",
                          "--", "ls", "[a,b]"));
  EXPECT_EQ(call(resource("office"), {"root@office"}).back(), "root@rap-acme-office");
  EXPECT_EQ(call(resource("office"), {"ssh://root@office:22"}).back(),
            "ssh://root@rap-acme-office:22");
  const auto of_scp = call(resource("office"), {"-s", "--", "office", "sftp"});
  EXPECT_THAT(std::vector(of_scp.end() - 4, of_scp.end()),
              ElementsAre("-s", "--", "rap-acme-office", "sftp"));
}

TEST(SshHost, APinnedKeyIsTheOnlyOneAndOthersAreTakenOnFirstUse) {
  const auto pinned = call(resource("r", kKey), {"-oStrictHostKeyChecking=no", "r"});
  EXPECT_THAT(pinned, AllOf(Contains("StrictHostKeyChecking=yes"), Contains("UpdateHostKeys=no"),
                            Contains("UserKnownHostsFile=\"/h/hosts/id-1\"")));
  EXPECT_LT(std::ranges::find(pinned, "StrictHostKeyChecking=yes"),
            std::ranges::find(pinned, "-oStrictHostKeyChecking=no"))
      << "ssh goes by the first";
  EXPECT_THAT(pinned, Contains("ProxyCommand='/usr/bin/rap' proxy --organization 'acme' 'r'"));
  const auto first_use = call(resource("r"), {"r"});
  EXPECT_THAT(first_use, AllOf(Contains("StrictHostKeyChecking=accept-new"),
                               Contains("UserKnownHostsFile=\"/h/known_hosts\"")));
  EXPECT_THAT(call(resource("r"), {"-oStrictHostKeyChecking=yes", "r"}),
              Not(Contains("StrictHostKeyChecking=accept-new")))
      << "a person may be stricter";
}

TEST(SshHost, EachResourceHasAnAliasOfItsOwnInTheCaseThatSshLooksFor) {
  EXPECT_EQ(host_alias("acme", "Tofu"), "rap-acme-tofu");
  std::set<std::string> aliases;
  for (const auto& [organization, name] : std::vector<std::pair<const char*, const char*>>{
           {"a", "b-c"}, {"a-b", "c"}, {"a_2db", "c"}, {"a", "b_c"}, {"a", "b.c"}}) {
    EXPECT_TRUE(aliases.insert(host_alias(organization, name)).second) << organization << name;
  }
  EXPECT_EQ(pinned_key_text("acme", "Office", kKey), "rap-acme-office ssh-ed25519 AAAA\n");
}

TEST(SshHost, ABlockSaysAllThatStockSshNeeds) {
  EXPECT_EQ(ssh_host_block(places(), resource("office", kKey), {"office", "rap-acme-office"}),
            "Host office rap-acme-office\n"
            "  ProxyCommand env 'RAP_HOME=/h' '/usr/bin/rap' proxy --organization 'acme' 'office'\n"
            "  HostKeyAlias rap-acme-office\n"
            "  GlobalKnownHostsFile /dev/null\n"
            "  CheckHostIP no\n"
            "  UserKnownHostsFile \"/h/hosts/id-1\"\n"
            "  StrictHostKeyChecking yes\n"
            "  UpdateHostKeys no\n"
            "  VerifyHostKeyDNS no\n"
            "  KnownHostsCommand none\n");
  EXPECT_THAT(ssh_host_block(places(), resource("office"), {"office"}),
              AllOf(HasSubstr("--unpinned"), HasSubstr("StrictHostKeyChecking accept-new"),
                    HasSubstr("/h/known_hosts")));
}

}  // namespace
}  // namespace rap::client
