// What a function does with an error that is not its own to answer: it hands it up as it is.
//
//   RAP_TRY(lock.acquire());                      // an expected<void, E>
//   const Key key = RAP_TRY(Key::parse(text));    // an expected<Key, E>: the value is moved out
//
// The function around it returns some expected<T, E>, where E can be made of that error. A
// statement expression, which GCC and Clang have and C++23 has no substitute for; so it stands
// alone in its statement or initializer, and never among the arguments of a call.
#pragma once

#include <expected>
#include <utility>

#define RAP_TRY(...)                                                      \
  __extension__({                                                         \
    auto&& rap_tried = (__VA_ARGS__);                                     \
    if (!rap_tried) return std::unexpected(std::move(rap_tried).error()); \
    *std::move(rap_tried);                                                \
  })
