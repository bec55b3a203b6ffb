// How an enrolment stands, as its host and people are told.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/name_table.hpp"

namespace rap::wire {

enum class EnrolmentState : std::uint8_t { pending, approved, denied };

inline constexpr std::array<std::string_view, 3> kEnrolmentStateNames = {"pending", "approved",
                                                                         "denied"};

constexpr std::string_view to_string(EnrolmentState state) {
  return name_in(kEnrolmentStateNames, state);
}
constexpr std::optional<EnrolmentState> enrolment_state_from(std::string_view name) {
  return value_in<EnrolmentState>(kEnrolmentStateNames, name);
}

}  // namespace rap::wire
