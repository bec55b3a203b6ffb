// Tables of names: an enumeration whose values are 0, 1, 2… and the list of their names in that
// order. Names, parsing and the choices that the API and the command line offer come from the list.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rap {

template <class Enum, std::size_t N>
constexpr std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{};
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_in(const std::array<std::string_view, N>& names,
                                       std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace rap
