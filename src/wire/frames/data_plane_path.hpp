// Where the data plane is found at an entry: the control plane gives the URL, clients ask for it
// and entries answer at it.
#pragma once

#include <string_view>

namespace rap::wire {

inline constexpr std::string_view kDataPlanePath = "/rap/v1/data-plane";
inline constexpr std::string_view kDataPlaneSubprotocol = "rap.v1";

}  // namespace rap::wire
