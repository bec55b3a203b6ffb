#include "wire/class_names.hpp"

#include <gtest/gtest.h>

namespace rap::wire {
namespace {

TEST(ClassNames, AreThoseOfTheSetInTheirOrder) {
  using enum TrafficClass;
  EXPECT_EQ(names_of({file_transfer, input}),
            (std::vector<std::string_view>{"input", "file_transfer"}));
  EXPECT_TRUE(names_of({}).empty());
  EXPECT_EQ(names_of(TrafficClassSet::all()).size(), kTrafficClassCount);
}

}  // namespace
}  // namespace rap::wire
