#include "wire/http/problem_reading.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

ReadProblem read(const char* body) {
  HttpResponse response;
  response.status = 502;
  response.body = body;
  return read_problem(response, "The server");
}

TEST(ProblemReading, TakesTheCodeAndTheSentenceOfWhoeverRefused) {
  const ReadProblem problem = read(R"({"code":"forbidden","title":"No","detail":"Ask Ann."})");
  EXPECT_EQ(problem.code, "forbidden");
  EXPECT_EQ(problem.detail, "Ask Ann.");
  EXPECT_TRUE(problem.is_told);
}

TEST(ProblemReading, HasASentenceWhateverCameBack) {
  EXPECT_EQ(read(R"({"title":"No"})").detail, "No");
  EXPECT_FALSE(read(R"({"title":"No"})").is_told);
  for (const char* body : {"", "<html>", "[]", "7", R"({"code":1,"detail":{}})"}) {
    EXPECT_EQ(read(body).detail, "The server answered with HTTP status 502.") << body;
    EXPECT_EQ(read(body).code, "") << body;
  }
}

}  // namespace
}  // namespace rap::wire
