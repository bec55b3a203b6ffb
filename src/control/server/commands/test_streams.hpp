// For tests of commands: what one says on its output and on the standard error stream.
#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace rap::control::server {

class TestStream {
 public:
  explicit TestStream(std::ostream& stream) : stream_(stream), before_(stream.rdbuf()) {
    stream_.rdbuf(text_.rdbuf());
  }
  ~TestStream() { stream_.rdbuf(before_); }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;

  std::string text() const { return text_.str(); }
  bool has(const std::string& what) const { return text().find(what) != std::string::npos; }

 private:
  std::ostream& stream_;
  std::ostringstream text_;
  std::streambuf* before_;
};

struct TestStdout : TestStream {
  TestStdout() : TestStream(std::cout) {}
};
struct TestStderr : TestStream {
  TestStderr() : TestStream(std::cerr) {}
};

}  // namespace rap::control::server
