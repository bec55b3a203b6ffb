#include "wire/http/problem_response.hpp"

#include <nlohmann/json.hpp>

namespace rap::wire {

HttpResponse problem_response(int status, std::string_view code, std::string_view title,
                              std::string_view detail) {
  // The members are in the order in which people read them.
  nlohmann::ordered_json body = {{"type", "urn:rap:problem:" + std::string(code)},
                                 {"title", title},
                                 {"status", status},
                                 {"code", code}};
  if (!detail.empty()) body["detail"] = detail;
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = body.dump();
  return response;
}

}  // namespace rap::wire
