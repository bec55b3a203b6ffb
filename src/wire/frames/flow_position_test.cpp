#include "wire/frames/flow_position.hpp"

#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace rap::wire {
namespace {

TEST(FlowPosition, LiesOnTheWireAsDocumented) {
  const FlowPosition position{
      .received = 0x0102'0304'0506'0708, .limit = 0x1112'1314'1516'1718, .finished = true};
  EXPECT_EQ(to_hex(position.encode()),
            "0102030405060708"
            "1112131415161718"
            "01");
  EXPECT_EQ(FlowPosition::decode(position.encode()), position);
}

TEST(FlowPosition, IsRefusedWhenItsLimitIsBeforeWhatArrived) {
  EXPECT_FALSE(FlowPosition::decode(FlowPosition{.received = 2, .limit = 1}.encode()));
  EXPECT_TRUE(FlowPosition::decode(FlowPosition{.received = 2, .limit = 2}.encode()));
}

TEST(FlowPosition, IsOfOneLengthAndFinishedOrNot) {
  const auto bytes = FlowPosition{}.encode();
  EXPECT_FALSE(FlowPosition::decode(ByteView(bytes).first(bytes.size() - 1)));
  auto neither = bytes;
  neither.back() = 2;
  EXPECT_FALSE(FlowPosition::decode(neither));
}

}  // namespace
}  // namespace rap::wire
