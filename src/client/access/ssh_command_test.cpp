#include "client/access/ssh_command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rap::client {
namespace {

using testing::Contains;

Attachment attachment(const std::string& resource, std::optional<std::string> key = {}) {
  Attachment a;
  a.session_id = "s";
  a.organization = "acme";
  a.resource = resource;
  a.ssh_host_key = std::move(key);
  return a;
}

TEST(SshCommand, NothingInANameReachesTheShell) {
  const auto arguments =
      ssh_arguments({"/opt/a b/rap", "/home/x%y/known hosts", "", {}}, attachment("a'; rm -rf %h"));
  EXPECT_THAT(arguments,
              Contains("ProxyCommand='/opt/a b/rap' proxy --session 's' 'a'\\''; rm -rf %%h'"));
  EXPECT_THAT(arguments, Contains("UserKnownHostsFile=\"/home/x%%y/known hosts\""));
  EXPECT_THAT(arguments, Contains("HostKeyAlias=rap-acme-a_27_3b_20rm_20-rf_20_25h"));
}

TEST(SshCommand, ChecksAPinnedKeyStrictlyAndTakesAnotherOnFirstUse) {
  EXPECT_THAT(ssh_arguments({}, attachment("r", "ssh-ed25519 A")),
              Contains("StrictHostKeyChecking=yes"));
  EXPECT_THAT(ssh_arguments({}, attachment("r")), Contains("StrictHostKeyChecking=accept-new"));
}

TEST(SshCommand, APinnedKeyReplacesOlderOnesOfItsAliasOnly) {
  const std::string before = "rap-acme-r ssh-rsa OLD\nrap-acme-r2 ssh-rsa KEEP\nrap-acme-r x Y\n";
  EXPECT_EQ(pin_host_key(before, attachment("r", "ssh-ed25519 NEW")),
            "rap-acme-r2 ssh-rsa KEEP\nrap-acme-r ssh-ed25519 NEW\n");
  EXPECT_EQ(pin_host_key(before, attachment("r")), before);
  EXPECT_EQ(pin_host_key("", attachment("r", "k v")), "rap-acme-r k v\n");
}

}  // namespace
}  // namespace rap::client
