// One attempt with a password, of a person who signs in or changes theirs: it is counted against
// the network it comes from and, at the account, against the device that signed in there before, or
// against its network and all strangers together; weighed, and forgiven when it was right. How many
// there may be is said in control/server/rate_limits.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/http/call.hpp"
#include "control/people/signing_in/ports.hpp"
#include "control/people/user.hpp"

namespace rap::control {

inline constexpr std::int64_t kMaxPassword = 1024;  // bytes; longer ones are refused unweighed

// The account whose password it is. A wrong one is in the audit log as `action`; an unknown account
// and a temporary password that has expired are refused in the same words. `device` is the one that
// the request proves.
Outcome<Credentials> weigh_password(SignInPorts& ports, const Call& call, const std::string& email,
                                    const std::string& password, std::string_view action,
                                    std::optional<DeviceId> device);

Problem wrong_credentials();

}  // namespace rap::control
