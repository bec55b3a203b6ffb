#include "client/access/ssh_arguments.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rap::client {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

SshArguments read(const Words& words) {
  auto arguments = read_ssh_arguments(words);
  EXPECT_TRUE(arguments) << (arguments ? "" : arguments.error().text);
  return arguments.value_or(SshArguments{});
}

std::string refusal(const Words& words) {
  const auto arguments = read_ssh_arguments(words);
  return arguments ? "" : arguments.error().text;
}

TEST(SshArguments, EverythingAfterTheResourceIsHandedOnAsItIs) {
  const Words rest = {"df",
                      "-h",
                      "-la",
                      "--json",
                      "--help",
                      "",
                      "--",
                      "[ -d /tmp ]",
                      "[a,b]",
                      "[[ a = a ]]",
                      "{}",
                      "%%",
                      "[ \"$(id -u)\" = 0,1 ]",
                      "a\nb",
                      "\x01"};
  Words words = {"office"};
  words.insert(words.end(), rest.begin(), rest.end());
  const SshArguments read_words = read(words);
  EXPECT_EQ(read_words.resource, "office");
  EXPECT_THAT(read_words.rest, ElementsAreArray(rest));
  EXPECT_THAT(read_words.options, IsEmpty());
  EXPECT_FALSE(read_words.json);
  EXPECT_FALSE(read_words.help);
}

TEST(SshArguments, EveryOptionOfSshIsTakenWithItsValueWhereverThatStands) {
  for (const char flag : std::string("1246aCfgGkKMnNqstTvxXyY")) {
    const std::string word = std::string("-") + flag;
    const SshArguments a = read({word, "office", "true"});
    EXPECT_THAT(a.options, ElementsAre(word));
    EXPECT_EQ(a.resource, "office") << word;
  }
  for (const char valued : std::string("bceilmopBDEFIJLOQRSwW")) {
    const std::string word = std::string("-") + valued;
    const SshArguments apart = read({word, "value", "office"});
    EXPECT_THAT(apart.options, ElementsAre(word, "value"));
    EXPECT_EQ(apart.resource, "office") << word;
    const SshArguments together = read({word + "value", "office"});
    EXPECT_THAT(together.options, ElementsAre(word + "value"));
    EXPECT_EQ(together.resource, "office") << word;
    const SshArguments after_flags = read({"-tt" + word.substr(1), "value", "office"});
    EXPECT_THAT(after_flags.options, ElementsAre("-tt" + word.substr(1), "value"));
    EXPECT_EQ(after_flags.resource, "office") << word;
  }
}

TEST(SshArguments, TheUserStaysWithTheDestination) {
  const SshArguments plain = read({"root@office"});
  EXPECT_EQ(plain.before_resource, "root@");
  EXPECT_EQ(plain.resource, "office");
  EXPECT_EQ(read({"a@b@office"}).before_resource, "a@b@") << "the last @, as ssh has it";
  const SshArguments address = read({"ssh://root@office:2222/"});
  EXPECT_EQ(address.before_resource, "ssh://root@");
  EXPECT_EQ(address.resource, "office");
  EXPECT_EQ(address.after_resource, ":2222/");
  EXPECT_EQ(read({"ssh://office"}).resource, "office");
}

TEST(SshArguments, OurOwnAreLongAndComeBeforeTheResource) {
  const SshArguments a = read({"-v", "--organization", "acme", "--json", "-l", "bob", "office"});
  EXPECT_EQ(a.organization, "acme");
  EXPECT_TRUE(a.json);
  EXPECT_THAT(a.options, ElementsAre("-v", "-l", "bob"));
  EXPECT_EQ(read({"--organization=acme", "office"}).organization, "acme");
  EXPECT_TRUE(read({"--help"}).help);
  EXPECT_TRUE(read({"-h"}).help);
  EXPECT_THAT(refusal({"--server", "x", "office"}), HasSubstr("no option '--server'"));
}

TEST(SshArguments, AreThoseOfProgramsThatCallSsh) {
  const SshArguments ansible =
      read({"-C", "-o", "ControlMaster=auto", "-o", "ControlPersist=60s", "-o", "User=\"root\"",
            "-o", "ConnectTimeout=10", "-o", "ControlPath=\"/root/.ansible/cp/0a\"", "-tt",
            "office", "/bin/sh -c 'echo ~root && sleep 0'"});
  EXPECT_EQ(ansible.options.size(), 12U);
  EXPECT_EQ(ansible.resource, "office");
  EXPECT_THAT(ansible.rest, ElementsAre("/bin/sh -c 'echo ~root && sleep 0'"));
  const SshArguments rsync =
      read({"-l", "root", "office", "rsync", "--server", "-logDtpre.iLsfxCIvu", ".", "/srv/"});
  EXPECT_EQ(rsync.resource, "office");
  EXPECT_EQ(rsync.rest.front(), "rsync");
  const SshArguments editor =
      read({"-T", "-D", "40123", "-o", "ConnectTimeout=15", "office", "bash"});
  EXPECT_EQ(editor.resource, "office");
}

TEST(SshArguments, TwoHyphensEndTheOptionsAsScpGivesThem) {
  const SshArguments a = read({"-oForwardAgent=no", "-s", "--", "office", "sftp"});
  EXPECT_TRUE(a.options_ended);
  EXPECT_EQ(a.resource, "office");
  EXPECT_THAT(a.rest, ElementsAre("sftp"));
}

TEST(SshArguments, WithoutAResourceThereIsOnlyWhatSshTellsOfItself) {
  EXPECT_EQ(read({"-V"}).resource, std::nullopt);
  EXPECT_EQ(read({"-Q", "cipher"}).resource, std::nullopt);
  EXPECT_THAT(refusal({}), HasSubstr("rap ssh [USER@]RESOURCE"));
  EXPECT_THAT(refusal({"-v"}), HasSubstr("rap ssh [USER@]RESOURCE"));
  EXPECT_THAT(refusal({"-l"}), HasSubstr("-l needs a value"));
  EXPECT_THAT(refusal({"root@"}), HasSubstr("no resource in 'root@'"));
}

TEST(SshArguments, TellWhichSettingsThePersonMade) {
  for (const Words& words : {Words{"-o", "StrictHostKeyChecking=no", "office"},
                             Words{"-oStrictHostKeyChecking no", "office"},
                             Words{"-v", "-o", "  stricthostkeychecking = no", "office"}}) {
    EXPECT_TRUE(read(words).sets("StrictHostKeyChecking")) << words[0];
  }
  EXPECT_FALSE(read({"-l", "-oStrictHostKeyChecking=no", "office"}).sets("StrictHostKeyChecking"))
      << "a strange user, and no setting";
  EXPECT_FALSE(read({"office", "-oStrictHostKeyChecking=no"}).sets("StrictHostKeyChecking"));
}

}  // namespace
}  // namespace rap::client
