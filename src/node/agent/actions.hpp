// What the cores of the node-agent ask their shell to do.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/log/log.hpp"
#include "base/time.hpp"
#include "wire/http/http_message.hpp"

namespace rap::agent {

// Both clocks of one moment: intervals run on the first, certificates live on the second.
struct Now {
  MonoTime mono;
  WallTime wall;
};

struct FileWrite {
  std::string name;  // relative to the state directory
  std::string content;
  mode_t mode = 0600;
};

// Write the files in this order, each atomically, and stop at the first failure.
struct Store {
  std::vector<FileWrite> files;
};
using StoreResult = std::expected<void, std::string>;  // the error names path and cause

struct Say {
  LogLevel level;
  std::string event;
  std::string text;
};

// A response, or a sentence about why there is none.
using Answer = std::expected<wire::HttpResponse, std::string>;

}  // namespace rap::agent
