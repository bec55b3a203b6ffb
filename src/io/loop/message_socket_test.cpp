#include "io/loop/message_socket.hpp"

#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.hpp"
#include "io/loop/test_loop.hpp"
#include "io/system/file.hpp"
#include "io/system/test_directory.hpp"

namespace rap::io {
namespace {

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
};

// One side of a socket: it notes what it is told and shows each step to the test.
struct Side {
  std::shared_ptr<MessageConnection> connection;
  std::vector<std::string> events;
  std::function<void(const std::string& event)> on_event = [](const std::string&) {};

  void note(std::string event) {
    events.push_back(event);
    on_event(event);
  }
  MessageHandlers handlers() {
    return {.on_open =
                [this](std::shared_ptr<MessageConnection> c) {
                  connection = std::move(c);
                  note("open");
                },
            .on_message = [this](const std::string& m) { note(m.size() < 100 ? m : "long"); },
            .on_close = [this] { note("close"); }};
  }
};

// A blocking client without manners.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  bool connected() const { return connected_; }
  void send(ByteView bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  bool cut() const {
    char byte;
    return ::read(fd_, &byte, 1) <= 0;
  }

 private:
  int fd_;
  bool connected_ = false;
};

struct MessageSocket : testing::Test {
  TestDirectory dir;
  std::string path = (dir / "agent.sock").string();
  EventLoop loop;
  NoLog log;
  Side agent;
  Side fabric;
};

TEST_F(MessageSocket, CarriesMessagesBothWaysInOrder) {
  MessageListener listener(loop, path, agent.handlers(), log);
  MessageDialer dialer(loop, path, fabric.handlers(), log);
  agent.on_event = [&](const std::string& e) {
    if (e == "open") agent.connection->send("config");
    if (e == "second") loop.stop();
  };
  fabric.on_event = [&](const std::string& e) {
    if (e != "config") return;
    fabric.connection->send("first");
    fabric.connection->send("");
    fabric.connection->send("second");
  };
  loop.run();
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open", "first", "", "second"}));
  EXPECT_EQ(fabric.events, (std::vector<std::string>{"open", "config"}));
}

TEST_F(MessageSocket, CarriesTheLongestMessageAndRefusesOneByteMore) {
  MessageListener listener(loop, path, agent.handlers(), log);
  MessageDialer dialer(loop, path, fabric.handlers(), log);
  fabric.on_event = [&](const std::string& e) {
    if (e == "open") fabric.connection->send(std::string(kMaxMessageBytes, 'x'));
    if (e == "close") loop.stop();
  };
  agent.on_event = [&](const std::string& e) {
    if (e == "long") fabric.connection->send(std::string(kMaxMessageBytes + 1, 'x'));
  };
  loop.run();
  EXPECT_EQ(agent.events[1], "long");
  EXPECT_EQ(fabric.events, (std::vector<std::string>{"open", "close"}));
}

TEST_F(MessageSocket, ALengthBeyondTheLimitIsCutBeforeItIsAllocated) {
  MessageListener listener(loop, path, agent.handlers(), log);
  RawClient client(path);
  client.send(as_bytes("\xff\xff\xff\xff"));
  agent.on_event = [&](const std::string& e) {
    if (e == "close") loop.stop();
  };
  loop.run();
  EXPECT_TRUE(client.cut());
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open", "close"}));
}

TEST_F(MessageSocket, APeerThatDoesNotReadIsCutAtTheQueueLimit) {
  MessageListener listener(loop, path, agent.handlers(), log);
  RawClient client(path);
  agent.on_event = [&](const std::string& e) {
    if (e == "close") loop.stop();
    if (e != "open") return;
    for (std::size_t i = 0; i <= kMaxQueuedMessages; ++i) {
      agent.connection->send(std::string(100'000, 'x'));
    }
  };
  loop.run();
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open", "close"}));
}

TEST_F(MessageSocket, ANewConnectionReplacesTheOldWhoseEndIsToldFirst) {
  MessageListener listener(loop, path, agent.handlers(), log);
  RawClient first(path);
  std::optional<RawClient> second;
  agent.on_event = [&](const std::string&) {
    if (agent.events.size() == 1) second.emplace(path);
    if (agent.events.size() == 3) loop.stop();
  };
  loop.run();
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open", "close", "open"}));
  EXPECT_TRUE(first.cut());
}

TEST_F(MessageSocket, TheDialerComesBackWhenTheListenerDoes) {
  MessageDialer dialer(loop, path, fabric.handlers(), log);  // nobody listens yet
  std::optional<MessageListener> listener(std::in_place, loop, path, agent.handlers(), log);
  fabric.on_event = [&](const std::string& e) {
    if (e == "close") listener.emplace(loop, path, agent.handlers(), log);
    if (fabric.events.size() == 1) listener.reset();
    if (fabric.events.size() == 3) loop.stop();
  };
  loop.run();
  EXPECT_EQ(fabric.events, (std::vector<std::string>{"open", "close", "open"}));
}

TEST_F(MessageSocket, ACloseIsToldOnceToEachSide) {
  MessageListener listener(loop, path, agent.handlers(), log);
  auto dialer = std::make_unique<MessageDialer>(loop, path, fabric.handlers(), log);
  fabric.on_event = [&](const std::string& e) {
    if (e == "open") {
      fabric.connection->close();
      fabric.connection->close();
      EXPECT_EQ(fabric.events.size(), 1U);
    } else {
      dialer.reset();  // its own handler ends it
    }
  };
  agent.on_event = [&](const std::string& e) {
    if (e == "close") loop.stop();
  };
  loop.run();
  EXPECT_EQ(fabric.events, (std::vector<std::string>{"open", "close"}));
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open", "close"}));
}

TEST_F(MessageSocket, TheListenerMayBeDestroyedByItsOwnHandler) {
  auto listener = std::make_unique<MessageListener>(loop, path, agent.handlers(), log);
  RawClient client(path);
  agent.on_event = [&](const std::string&) {
    listener.reset();
    loop.stop();
  };
  loop.run();
  EXPECT_EQ(agent.events, (std::vector<std::string>{"open"}));
  agent.connection.reset();
}

TEST_F(MessageSocket, IsForItsUserOnlyAndReplacesWhatAKilledProcessLeft) {
  {
    MessageListener killed(loop, path, agent.handlers(), log);
  }
  MessageListener listener(loop, path, agent.handlers(), log);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(MessageSocket, AnotherUserIsCutEvenWhenTheFileModeWouldLetItIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become another user";
  MessageListener listener(loop, path, agent.handlers(), log);
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    RawClient stranger(path);
    if (!stranger.connected()) ::_exit(3);
    ::_exit(stranger.cut() ? 0 : 1);
  }
  int status = -1;
  std::jthread waiter([&] {
    ::waitpid(child, &status, 0);
    loop.stop();
  });
  loop.run();
  waiter.join();
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(agent.events.empty());
}

TEST_F(MessageSocket, IsForItsGroupTooWhereTheOtherEndIsAnotherUser) {
  MessageListener listener(loop, path, agent.handlers(), log, ::geteuid() + 1);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0660U);
}

// Either end hears of nobody but the one user it is given: not of its own user, and not of root.
TEST_F(MessageSocket, HearsOfOneUserAloneWhereOneIsGiven) {
  const uid_t other = ::geteuid() + 1;
  TestLog lines;
  MessageListener choosy(loop, path, agent.handlers(), lines, other);
  MessageDialer dialer(loop, path, fabric.handlers(), log);
  fabric.on_event = [&](const std::string& e) {
    if (e == "close") loop.stop();
  };
  loop.run();
  EXPECT_EQ(lines.count("message_socket.refused"), 1);
  EXPECT_TRUE(agent.events.empty());
}

TEST_F(MessageSocket, IsLeftByADialerThatFindsAnotherUserListening) {
  MessageListener planted(loop, path, agent.handlers(), log);
  TestLog lines;
  MessageDialer choosy(loop, path, fabric.handlers(), lines, ::geteuid() + 1);
  agent.on_event = [&](const std::string& e) {
    if (e == "close") loop.stop();
  };
  loop.run();
  EXPECT_EQ(lines.count("message_socket.refused"), 1);
  EXPECT_TRUE(fabric.events.empty());
}

TEST_F(MessageSocket, KnowsWhichProcessIsAtTheOtherEnd) {
  MessageListener listener(loop, path, agent.handlers(), log, ::geteuid());
  MessageDialer dialer(loop, path, fabric.handlers(), log, ::geteuid());
  agent.on_event = [&](const std::string&) { loop.stop(); };
  loop.run();
  EXPECT_EQ(agent.connection->peer_pid(), ::getpid());
}

TEST_F(MessageSocket, DoesNotDeleteAFileThatIsNoSocket) {
  ASSERT_TRUE(write_file_atomic(path, "precious"));
  EXPECT_THROW(MessageListener(loop, path, agent.handlers(), log), std::system_error);
  EXPECT_EQ(read_file(path), "precious");
}

TEST_F(MessageSocket, SaysThatAPathIsTooLong) {
  const std::string long_path = (dir / std::string(120, 'x')).string();
  EXPECT_THROW(MessageListener(loop, long_path, agent.handlers(), log), std::system_error);
  EXPECT_THROW(MessageDialer(loop, long_path, fabric.handlers(), log), std::system_error);
}

}  // namespace
}  // namespace rap::io
