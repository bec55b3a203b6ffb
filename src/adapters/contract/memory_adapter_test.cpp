#include "adapters/contract/memory_adapter.hpp"

#include <gtest/gtest.h>

#include "adapters/contract/adapter_set.hpp"
#include "adapters/contract/test_memory_world.hpp"

namespace rap::adapters {
namespace {

class MemoryContract : public testing::TestWithParam<AdapterCheck<MemoryWorld>> {};
TEST_P(MemoryContract, IsKept) { GetParam().run(); }
INSTANTIATE_TEST_SUITE_P(Memory, MemoryContract, every_check<MemoryWorld>(),
                         name_of_check<MemoryWorld>);

TEST(AdapterSet, FindsTheAdapterByTheTableOfProtocols) {
  MemoryAdapter tcp;
  const AdapterSet adapters{{policy::AdapterKind::tcp, &tcp}};
  EXPECT_EQ(adapters.find(policy::Protocol::ssh), &tcp);
  EXPECT_EQ(adapters.find(policy::Protocol::tcp), &tcp);
  EXPECT_EQ(AdapterSet().find(policy::Protocol::tcp), nullptr);
}

}  // namespace
}  // namespace rap::adapters
