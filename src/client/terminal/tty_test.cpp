// The terminal against a real one: each test's child has a pseudo-terminal of its own.
#include "client/terminal/tty.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "io/system/descriptor.hpp"

namespace rap::client {
namespace {

constexpr unsigned kPatienceS = 8 * RAP_PATIENCE;  // it only keeps a failing test from hanging

// A process that has a terminal and what it says beside it.
class Session {
 public:
  // `work` runs in the child; what it returns comes out of answer().
  explicit Session(const std::function<std::string()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    int terminal = -1;
    child_ = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child_ < 0) std::abort();
    if (child_ == 0) {
      ::alarm(kPatienceS);
      const std::string answer = work();
      const bool written = ::write(ends[1], answer.data(), answer.size()) >= 0;
      ::_exit(written ? 0 : 1);
    }
    terminal_ = io::Descriptor(terminal);
    answer_ = io::Descriptor(ends[0]);
    ::close(ends[1]);
    ::alarm(kPatienceS);
  }
  ~Session() {
    ::alarm(0);
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void type(std::string_view text) {
    EXPECT_EQ(::write(terminal_.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
  // Reads what is on the screen until `end` is there.
  void see(std::string_view end) {
    while (screen_.find(end) == std::string::npos) {
      char buffer[256];
      const ssize_t n = ::read(terminal_.get(), buffer, sizeof buffer);
      if (n <= 0) break;
      screen_.append(buffer, static_cast<std::size_t>(n));
    }
    EXPECT_NE(screen_.find(end), std::string::npos) << screen_;
  }
  const std::string& screen() const { return screen_; }
  bool echoes() const {
    termios settings{};
    EXPECT_EQ(::tcgetattr(terminal_.get(), &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
  }
  void await_silence() const {
    while (echoes()) std::this_thread::yield();
  }
  void interrupt() { ::kill(child_, SIGINT); }
  // What the work returned, after its end.
  std::string answer() {
    std::string out;
    char buffer[256];
    for (ssize_t n = 0; (n = ::read(answer_.get(), buffer, sizeof buffer)) > 0;) {
      out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  pid_t child_ = -1;
  io::Descriptor terminal_;
  io::Descriptor answer_;
  std::string screen_;
};

TEST(Tty, ASecretIsNotShownAndTheTerminalIsAsBefore) {
  Session session([] {
    const auto secret = Tty().ask_secret("Password: ");
    const auto word = Tty().ask("Again, and seen: ");
    return secret.value_or("none") + "|" + word.value_or("none");
  });
  // Nothing is typed before the terminal is quiet: turning the echo off drops what waited.
  session.see("Password: ");
  session.await_silence();
  session.type("hunter2\n");
  session.see("seen: ");
  EXPECT_TRUE(session.echoes()) << "the echo is back";
  session.type("shown\n");
  EXPECT_EQ(session.answer(), "hunter2|shown");
  session.see("shown");
  EXPECT_EQ(session.screen().find("hunter2"), std::string::npos) << session.screen();
}

TEST(Tty, WhoeverInterruptsTheQuestionHasTheirEchoBack) {
  Session session([] {
    ::signal(SIGINT, SIG_IGN);  // Ctrl-C is for all in front; this one looks on
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGINT, SIG_DFL);
      ::_exit(Tty().ask_secret("Password: ") ? 1 : 2);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    termios settings{};
    ::tcgetattr(STDIN_FILENO, &settings);
    const bool interrupted = WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
    return std::string(interrupted ? "interrupted" : "went on") +
           ((settings.c_lflag & ECHO) != 0 ? "|echo" : "|silence");
  });
  session.see("Password: ");
  session.await_silence();
  session.type("\x03");  // Ctrl-C
  EXPECT_EQ(session.answer(), "interrupted|echo");
}

TEST(Tty, IsAsWideAsTheTerminalThatTheOutputGoesTo) {
  Session session([] {
    winsize size{};
    size.ws_col = 77;
    ::ioctl(STDOUT_FILENO, TIOCSWINSZ, &size);
    const std::size_t there = Tty().width();
    const io::Descriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ::dup2(nowhere.get(), STDOUT_FILENO);
    return std::to_string(there) + "|" + std::to_string(Tty().width());
  });
  EXPECT_EQ(session.answer(), "77|0");
}

TEST(Tty, TheEndOfInputIsNoAnswer) {
  Session session([] { return Tty().ask("Email: ") ? "answered" : "none"; });
  session.see("Email: ");
  session.type("\x04");  // Ctrl-D
  EXPECT_EQ(session.answer(), "none");
}

TEST(Tty, IsThereWhateverBecameOfStandardInput) {
  Session session([] {
    ::close(STDIN_FILENO);
    return Tty().interactive() ? "interactive" : "alone";
  });
  EXPECT_EQ(session.answer(), "interactive");
}

TEST(Tty, WithoutATerminalNobodyIsAsked) {
  Session session([] {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();  // out of the session that has a terminal
      ::_exit(Tty().interactive() || Tty().ask("Email: ") ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status == 0 ? "alone" : "asked";
  });
  EXPECT_EQ(session.answer(), "alone");
}

TEST(Tty, AWaitEndsWithItsTimeOrAnInterrupt) {
  Session session([] {
    Tty tty;
    const bool whole = tty.wait(std::chrono::seconds{0});
    const bool asked = tty.ask("Now: ").has_value();  // signals wait from the first wait on
    return std::string(whole ? "whole" : "cut") + (asked ? "|" : "?") +
           (tty.wait(std::chrono::seconds{kPatienceS}) ? "whole" : "cut");
  });
  session.see("Now: ");
  session.interrupt();
  session.type("\n");
  EXPECT_EQ(session.answer(), "whole|cut");
}

TEST(Tty, ALineOfStandardInputEndsWhereItEnds) {
  Session session([] {
    int ends[2];
    if (::pipe(ends) != 0) return std::string("no pipe");
    const std::string text = "first\r\nlast";
    if (::write(ends[1], text.data(), text.size()) < 0) return std::string("no pipe");
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    Tty tty;
    std::string out;
    while (const auto line = tty.read_stdin_line()) out += *line + "|";
    return out;
  });
  EXPECT_EQ(session.answer(), "first|last|");
}

TEST(Tty, TheScreenIsClearedOnATerminalOnly) {
  Session session([] {
    const std::string terminal = Tty().clear_screen();
    ::close(STDOUT_FILENO);
    return (terminal.empty() ? "nothing" : "cleared") + std::string("|") +
           (Tty().clear_screen().empty() ? "nothing" : "cleared");
  });
  EXPECT_EQ(session.answer(), "cleared|nothing");
}

}  // namespace
}  // namespace rap::client
