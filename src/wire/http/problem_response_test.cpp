#include "wire/http/problem_response.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rap::wire {
namespace {

TEST(ProblemResponse, IsAnObjectOfRfc9457WhateverTheTextHolds) {
  const HttpResponse response = problem_response(400, "bad_request", "a \"title\"", "why\n");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(nlohmann::json::parse(response.body),
            (nlohmann::json{{"type", "urn:rap:problem:bad_request"},
                            {"title", "a \"title\""},
                            {"status", 400},
                            {"code", "bad_request"},
                            {"detail", "why\n"}}));
  EXPECT_FALSE(nlohmann::json::parse(problem_response(404, "c", "t").body).contains("detail"));
}

}  // namespace
}  // namespace rap::wire
