#include "policy/addresses/names.hpp"

#include <gtest/gtest.h>

namespace rap::policy {
namespace {

TEST(Names, AreShortPlainAndNeverLookLikeAnId) {
  for (const char* good : {"a", "Office", "office-ssh", "entry-1.example", "9_x"}) {
    EXPECT_EQ(check_name(good), nullptr) << good;
  }
  for (const char* bad :
       {"", "-a", ".a", "a b", "a/b", "a%", "ü", "a\n", "0f8fad5b-d9cb-469f-a165-70867728950e",
        "0F8FAD5B-d9cb-469f-a165-70867728950e"}) {
    EXPECT_NE(check_name(bad), nullptr) << bad;
  }
  EXPECT_EQ(check_name(std::string(63, 'a')), nullptr);
  EXPECT_NE(check_name(std::string(64, 'a')), nullptr);
}

TEST(Emails, AreCheckedAndComparedInLowerCase) {
  for (const char* good : {"ada@example.org", "root@localhost", "a.b+c@x-y.example"}) {
    EXPECT_EQ(check_email(good), nullptr) << good;
  }
  for (const char* bad : {"", "ada", "@example.org", "ada@", "a da@example.org", "a@b@c",
                          "ada@-x.org", "ada@x..org", "a\"b@example.org"}) {
    EXPECT_NE(check_email(bad), nullptr) << bad;
  }
  EXPECT_NE(check_email(std::string(65, 'a') + "@example.org"), nullptr);
  EXPECT_EQ(normalize_email("Ada@Example.ORG"), "ada@example.org");
}

TEST(Passwords, AreCountedInCharactersOfAnyScript) {
  EXPECT_NE(check_password("пароль"), nullptr) << "six letters are twelve bytes";
  EXPECT_NE(check_password("пароль-да"), nullptr);
  EXPECT_EQ(check_password("пароль-дай"), nullptr);
  EXPECT_NE(check_password("密码密码密码密码密"), nullptr) << "nine are twenty-seven bytes";
  EXPECT_EQ(check_password("密码密码密码密码密码"), nullptr);
  EXPECT_EQ(check_password("größer als"), nullptr);
}

TEST(Passwords, HaveTenCharactersOrMore) {
  EXPECT_NE(check_password("123456789"), nullptr);
  EXPECT_EQ(check_password("1234567890"), nullptr);
}

TEST(Hosts, AreDnsNamesOrAddresses) {
  for (const char* good : {"db", "db.internal.example", "10.0.0.1", "::1", "2001:db8::1"}) {
    EXPECT_EQ(check_host(good), nullptr) << good;
  }
  for (const char* bad : {"", "a b", "a..b", "-a", "1.2.3", "1.2.3.4.5", "[::1]", "a:1",
                          "fe80::1%x", "a/b", "a.", ".a"}) {
    EXPECT_NE(check_host(bad), nullptr) << bad;
  }
  EXPECT_NE(check_host(std::string_view("10.0.0.1\0x", 10)), nullptr);
}

TEST(Hosts, OfResourcesAreNeverAddressesThatBelongToTheEgressItself) {
  for (const char* bad : {"0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255",
                          "::", "fe80::1", "ff02::1", "::ffff:169.254.169.254"}) {
    EXPECT_NE(check_target_host(bad), nullptr) << bad;
  }
  for (const char* good : {"127.0.0.1", "::1", "192.168.1.1", "fd00::1", "sshd.internal"}) {
    EXPECT_EQ(check_target_host(good), nullptr) << good;
  }
}

TEST(Hosts, ThatReadAsNumbersAreNoNames) {
  for (const char* number : {"127.1", "2130706433", "0x7f000001", "0XA9FEA9FE", "0177.0.0.1", "0x",
                             "127.0.0.0x1", "a.1", "127.0.0.1.", ""}) {
    EXPECT_TRUE(is_numeric_host(number)) << number;
    EXPECT_NE(check_target_host(number), nullptr) << number;
  }
  for (const char* name : {"a", "1a", "0xyz", "x0x1.example", "1.example", "db.0xfg"}) {
    EXPECT_FALSE(is_numeric_host(name)) << name;
    EXPECT_EQ(check_target_host(name), nullptr) << name;
  }
}

TEST(SshHostKeys, RepeatTheirTypeInsideTheBlob) {
  const std::string key =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPGfbiDf+P4WHRfS2z0Bq7hX8cNkFTZkgIY3GFrBmy7n";
  EXPECT_EQ(check_ssh_host_key(key), nullptr);
  EXPECT_EQ(check_ssh_host_key(key + " root@host"), nullptr);
  EXPECT_NE(check_ssh_host_key("ssh-rsa" + key.substr(11)), nullptr);
  EXPECT_NE(check_ssh_host_key(key + "\nssh-ed25519 AAAA"), nullptr);
  EXPECT_NE(check_ssh_host_key("ssh-ed25519"), nullptr);
  EXPECT_NE(check_ssh_host_key("ssh-ed25519 ????"), nullptr);
}

}  // namespace
}  // namespace rap::policy
