// The users of this host.
#pragma once

#include <expected>
#include <string>

#include <sys/types.h>

namespace rap::io {

// Finds a user by name as the system's user database has it, or by number, which needs no entry
// there. The error is a sentence.
std::expected<uid_t, std::string> find_uid(const std::string& user);

}  // namespace rap::io
