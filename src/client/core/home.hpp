// The directory of the person's own files, as the commands see it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/core/failure.hpp"

namespace rap::client {

// The directory of the person's own files (RAP_HOME).
class Home {
 public:
  virtual ~Home() = default;
  // The content is nullopt when there is no such file.
  virtual Fallible<std::optional<std::string>> read(std::string_view name) = 0;
  virtual Fallible<void> write(std::string_view name, const std::string& content) = 0;
  // Makes a file once; yields what it holds then, which is another's content if they were first.
  virtual Fallible<std::string> create(std::string_view name, const std::string& content) = 0;
  virtual std::string path(std::string_view name) const = 0;
  // A file anywhere, that the person named.
  virtual Fallible<std::string> read_given(const std::string& path) = 0;
  // What the machine is called, for people who look at a list of devices.
  virtual std::string machine() const = 0;
};

}  // namespace rap::client
