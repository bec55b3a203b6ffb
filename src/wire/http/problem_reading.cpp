#include "wire/http/problem_reading.hpp"

#include <nlohmann/json.hpp>

namespace rap::wire {

ReadProblem read_problem(const HttpResponse& response, std::string_view whom) {
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  const auto text = [&](const char* member) {
    const auto it = body.is_object() ? body.find(member) : body.end();
    return it != body.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  ReadProblem problem{.code = text("code"), .detail = text("detail")};
  problem.is_told = !problem.detail.empty();
  if (problem.detail.empty()) problem.detail = text("title");
  if (problem.detail.empty()) {
    problem.detail =
        std::string(whom) + " answered with HTTP status " + std::to_string(response.status) + ".";
  }
  return problem;
}

}  // namespace rap::wire
