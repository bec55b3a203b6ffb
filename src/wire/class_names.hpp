// The names of the classes in a set, as documents list them.
#pragma once

#include <string_view>
#include <vector>

#include "wire/traffic_class.hpp"

namespace rap::wire {

// The names come in the order of the classes.
inline std::vector<std::string_view> names_of(TrafficClassSet classes) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kTrafficClassCount; ++i) {
    if (classes.contains(static_cast<TrafficClass>(i))) names.push_back(kTrafficClassNames[i]);
  }
  return names;
}

}  // namespace rap::wire
