#include "client/api/api_client.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::client {
namespace {

using nlohmann::json;

std::string said_of(int status, const json& body) {
  wire::HttpResponse response;
  response.status = status;
  response.body = body.dump();
  response.headers = {{"retry-after", "10"}};
  const auto answer = read_answer(response);
  return answer ? "" : answer.error().text;
}

TEST(Refusal, SaysOnceHowLongToWait) {
  EXPECT_EQ(said_of(429, {{"code", "too_many_attempts"},
                          {"detail", "Too many attempts. Wait 10 s, then try again."}}),
            "Too many attempts. Wait 10 s, then try again.");
}

TEST(Refusal, SaysHowLongToWaitForWhoeverDoesNot) {
  EXPECT_EQ(said_of(503, json::object()),
            "The server answered with HTTP status 503. Try again in 10 s.");
  EXPECT_EQ(said_of(503, {{"title", "The server is busy."}}),
            "The server is busy. Try again in 10 s.");
}

}  // namespace
}  // namespace rap::client
