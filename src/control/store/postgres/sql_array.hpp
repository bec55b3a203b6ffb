// PostgreSQL arrays as text parameters: "{…,…}".
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "base/ids.hpp"

namespace rap::store {

inline std::string array_element(std::integral auto number) { return std::to_string(number); }
template <class Tag>
std::string array_element(const Id<Tag>& id) {
  return id.str();
}
// Quoted, whatever is in it.
inline std::string array_element(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

template <class T>
std::string array_of(const std::vector<T>& values) {
  std::string out = "{";
  for (const T& value : values) {
    if (out.size() > 1) out += ',';
    out += array_element(value);
  }
  return out + '}';
}

}  // namespace rap::store
