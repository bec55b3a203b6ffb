// `rap forward` with many connections at once.
#include <gtest/gtest.h>

#include <set>

#include "client/network/test_forwarder.hpp"

namespace rap::client {
namespace {

TEST_F(ForwarderTest, ManyConnectionsHaveAFlowAndATokenEachOnOneLink) {
  constexpr int kConnections = 40;
  // The deny list is the same from the first on: a link made under another is left to its old
  // flows.
  first_.token_expires_at = to_unix(io::wall_now());
  start();
  People people;
  for (int i = 0; i < kConnections; ++i) {
    people.push_back(std::make_unique<RawConnection>(port_));
    ASSERT_TRUE(people.back()->send(std::string(1000, static_cast<char>('A' + i % 26))));
  }
  for (int i = 0; i < kConnections; ++i) {
    RawConnection& person = *people[static_cast<std::size_t>(i)];
    finish(person);
    EXPECT_EQ(read_all(person), std::string(1000, static_cast<char>('A' + i % 26)));
  }
  stop();
  EXPECT_EQ(err_.str(), "");
  EXPECT_EQ(entry().clients, 1U);
  EXPECT_EQ(std::set(entry().tokens.begin(), entry().tokens.end()).size(),
            std::size_t{kConnections});
}

TEST_F(ForwarderTest, AHundredAtOnceWaitForTwoRoundTripsToTheControlPlane) {
  constexpr std::size_t kConnections = 100;
  first_.token_expires_at = to_unix(io::wall_now());
  held_ = 1;
  start();
  People people;
  people.push_back(std::make_unique<RawConnection>(port_));
  until([&] { return attachments_ == 1; });
  while (people.size() < kConnections) people.push_back(std::make_unique<RawConnection>(port_));
  until([&] { return forwarder_->connections() == kConnections; });
  release_.set_value();
  expect_echoes(people);
  stop();
  EXPECT_EQ(wanted_, (std::vector<std::size_t>{1, kConnections - 1}));
  EXPECT_EQ(std::set(entry().tokens.begin(), entry().tokens.end()).size(), kConnections);
  EXPECT_EQ(err_.str(), "");
}

TEST_F(ForwarderTest, ThoseWhoGotNoTokenAreAskedForAgain) {
  first_.token_expires_at = to_unix(io::wall_now());
  held_ = 1;
  gives_ = 4;
  start();
  People people;
  people.push_back(std::make_unique<RawConnection>(port_));
  until([&] { return attachments_ == 1; });
  while (people.size() < 10) people.push_back(std::make_unique<RawConnection>(port_));
  until([&] { return forwarder_->connections() == 10; });
  release_.set_value();
  expect_echoes(people);
  stop();
  EXPECT_EQ(wanted_, (std::vector<std::size_t>{1, 9, 5, 1}));
}

TEST_F(ForwarderTest, ARefusalOfManyIsSaidOnce) {
  first_.token_expires_at = to_unix(io::wall_now());
  refuses_ = true;
  held_ = 1;
  start();
  RawConnection first(port_);
  until([&] { return attachments_ == 1; });
  RawConnection second(port_);
  RawConnection third(port_);
  until([&] { return forwarder_->connections() == 3; });
  release_.set_value();
  for (RawConnection* person : {&first, &second, &third}) EXPECT_TRUE(is_reset(*person));
  stop();
  EXPECT_EQ(attachments_, 2);
  EXPECT_EQ(err_.str(), "office: Not today.\noffice: Not today.\n") << "for each request";
}

}  // namespace
}  // namespace rap::client
