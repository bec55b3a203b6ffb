// The names of an enumeration's values, as the database, JSON and people have them.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rap::control {

// The names stand in the order of the enumerators, which count from 0.
template <class Enum, std::size_t N>
class EnumNames {
 public:
  template <class... Names>
  constexpr explicit EnumNames(Names... names) : names_{std::string_view(names)...} {}

  constexpr std::string_view of(Enum value) const {
    return names_[static_cast<std::size_t>(value)];
  }
  constexpr std::optional<Enum> named(std::string_view name) const {
    for (std::size_t i = 0; i < N; ++i) {
      if (names_[i] == name) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }

 private:
  std::array<std::string_view, N> names_;
};

}  // namespace rap::control
