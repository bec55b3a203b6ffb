// For tests of commands: what one says on the standard error stream.
#pragma once

#include <iostream>
#include <sstream>
#include <string>

namespace rap::control::server {

class TestStderr {
 public:
  TestStderr() : before_(std::cerr.rdbuf(text_.rdbuf())) {}
  ~TestStderr() { std::cerr.rdbuf(before_); }
  TestStderr(const TestStderr&) = delete;
  TestStderr& operator=(const TestStderr&) = delete;

  std::string text() const { return text_.str(); }
  bool has(const std::string& what) const { return text().find(what) != std::string::npos; }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

}  // namespace rap::control::server
