// Reading rows into values.
#pragma once

#include <optional>
#include <vector>

#include "control/core/metrics.hpp"
#include "control/store/postgres/connection.hpp"

namespace rap::store {

template <class T>
std::optional<T> first_of(const Rows& rows, T (*read)(const Row&)) {
  return rows.empty() ? std::nullopt : std::optional(read(rows[0]));
}

template <class T>
std::vector<T> all_of(const Rows& rows, T (*read)(const Row&)) {
  std::vector<T> out;
  for (const Row& row : rows) out.push_back(read(row));
  return out;
}

// Each row is a state and how many are in it.
inline std::vector<control::StateCount> counts_of(const Rows& rows) {
  std::vector<control::StateCount> out;
  for (const Row& row : rows) out.push_back({row.text(0), row.count(1)});
  return out;
}

}  // namespace rap::store
