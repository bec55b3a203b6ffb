#include "control/store/postgres/client_sign_in.hpp"

#include <gtest/gtest.h>

namespace rap::store {
namespace {

using Environment = std::vector<std::string>;

TEST(ClientSignIn, KeepsSecretsOutOfTheCommandLineAndIsTheGivenUsers) {
  const auto url =
      client_sign_in("postgres://somebody:pass%20word@db.example/rap?sslmode=require", "rap_owner");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->conninfo.find("pass"), std::string::npos) << url->conninfo;
  EXPECT_EQ(url->conninfo.find("somebody"), std::string::npos);
  EXPECT_NE(url->conninfo.find("user='rap_owner'"), std::string::npos);
  EXPECT_NE(url->conninfo.find("host='db.example'"), std::string::npos);
  EXPECT_NE(url->conninfo.find("sslmode='require'"), std::string::npos);
  EXPECT_EQ(url->environment, Environment{"PGPASSWORD=pass word"});
}

TEST(ClientSignIn, QuotesWhatLibpqWouldReadOtherwise) {
  const auto pairs = client_sign_in(R"(host='/a b' dbname='o\'hara\\')", "u");
  ASSERT_TRUE(pairs);
  EXPECT_NE(pairs->conninfo.find(R"(host='/a b')"), std::string::npos) << pairs->conninfo;
  EXPECT_NE(pairs->conninfo.find(R"(dbname='o\'hara\\')"), std::string::npos);
  EXPECT_NE(client_sign_in("rap", "u").value().conninfo.find("dbname='rap'"), std::string::npos);
}

TEST(ClientSignIn, LeavesTheOptionsToUsAndRefusesWhatItCanNotKeepSecret) {
  EXPECT_EQ(client_sign_in("host=h options='-c x=y'", "u").value().conninfo.find("options"),
            std::string::npos);
  EXPECT_NE(client_sign_in("host=h sslpassword=s", "u").error().find("sslpassword"),
            std::string::npos);
  EXPECT_NE(client_sign_in("nonsense=1", "u").error().find("--database-url"), std::string::npos);
}

}  // namespace
}  // namespace rap::store
