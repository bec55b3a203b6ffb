// Words of a command line are read into a tree as they are; and what is said of a word the tree
// does not have.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace rap::command_line {

// CLI11 takes a word "[a,b]" for a list and a word for two; here each word stays one. Throws
// CLI::ParseError as CLI::App::parse() does.
void parse_words(CLI::App& root, std::vector<std::string> words);

// The candidate that was most likely meant, when one is near enough.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

// The first command or option that the tree does not have, in a sentence with the nearest right
// one; nullopt when all are known.
std::optional<std::string> explain_unknown_word(const CLI::App& root,
                                                const std::vector<std::string>& words);

}  // namespace rap::command_line
