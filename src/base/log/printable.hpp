// Text from elsewhere, as a terminal may be shown it: nobody moves the cursor, breaks a line, hides
// something or turns the order of what follows.
#pragma once

#include <string>
#include <string_view>

namespace rap {

// UTF-8 with '?' for each character that does any of that, and for each byte that is no character.
std::string printable(std::string_view text);
// The same for a text of several lines, whose breaks are ours.
std::string printable_lines(std::string_view text);
// The same of lines, which become one: none of theirs is to look like one of ours.
std::string printable_line(std::string_view lines);
// JSON as it was written, with such characters within its strings escaped: a program reads what was
// sent.
std::string printable_json_text(std::string_view json);

// For texts that are compared by eye: ' ' to '~' and nothing else.
bool is_printable_ascii(std::string_view text);
std::string printable_ascii(std::string_view text);  // every other byte is a '?'

}  // namespace rap
