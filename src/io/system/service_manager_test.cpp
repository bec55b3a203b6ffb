#include "io/system/service_manager.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "io/system/descriptor.hpp"
#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

TEST(ServiceManager, IsToldThatTheServiceIsAlive) {
  TestDirectory dir;
  const std::string path = (dir / "notify").string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  const Descriptor manager(::socket(AF_UNIX, SOCK_DGRAM, 0));
  ASSERT_EQ(0, ::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  ServiceManager(path).alive();
  std::array<char, 64> said{};
  const ssize_t size = ::recv(manager.get(), said.data(), said.size(), MSG_DONTWAIT);
  EXPECT_EQ("WATCHDOG=1", std::string_view(said.data(), size < 0 ? 0 : size));
}

TEST(ServiceManager, IsNotWaitedForWhereThereIsNone) {
  TestDirectory dir;
  ServiceManager("").alive();
  ServiceManager((dir / "none").string()).alive();
  ServiceManager(std::string(200, 'x')).alive();
}

}  // namespace
}  // namespace rap::io
