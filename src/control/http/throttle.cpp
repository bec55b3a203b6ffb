#include "control/http/throttle.hpp"

#include <chrono>

namespace rap::control {

Problem too_many_attempts(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return {ProblemCode::too_many_attempts,
          "Too many attempts. Wait " + std::to_string(seconds) + " s, then try again.", seconds};
}

}  // namespace rap::control
