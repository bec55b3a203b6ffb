// A string as the JSON library prints it, without the library where nothing in it has to be
// escaped: names and addresses, of which a long document has many.
#pragma once

#include <string>
#include <string_view>

namespace rap::wire {

void append_json_text(std::string_view text, std::string& out);

}  // namespace rap::wire
