// Before something ends for others, the person is told what, and asked.
#pragma once

#include <string>

#include "client/command/command.hpp"

namespace rap::client {

inline constexpr const char* kYesHelp = "Do not ask";

// What happens without a terminal to ask on: a script must have said --yes, or is taken at its word
// (the consequences go to standard error).
enum class Unasked { must_say_yes, goes_ahead };

// `consequences` is a sentence or several: "2 people lose their grant. 1 session ends."
Fallible<void> confirm(World& world, bool yes, const std::string& consequences,
                       Unasked unasked = Unasked::must_say_yes);

// "no session ends", "1 session ends", "3 sessions end"
std::string counted(std::size_t n, const std::string& one, const std::string& many);

// The same for what has to be looked up: `check` fails where there is nothing that the command
// could be about, and only then `consequences` says what ends. With `yes` neither is called.
template <class Check, class Consequences>
Fallible<void> confirm_ending(World& world, bool yes, Check check, Consequences consequences,
                              Unasked unasked = Unasked::must_say_yes) {
  if (yes) return {};
  if (const Fallible<void> found = check(); !found) return found;
  return confirm(world, yes, consequences(), unasked);
}

}  // namespace rap::client
