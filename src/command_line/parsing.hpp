// Words of a command line are read into a tree as they are; and what is said of a word the tree
// does not have.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

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
// What is wrong with the words that made the tree throw: an unknown one, a command that is missing,
// with those there are, or what the error says.
std::string explain_error(const CLI::App& root, const std::vector<std::string>& words,
                          const CLI::ParseError& error);

// The exit status of a program that was not used as its manual page says.
inline constexpr int kWrongUsage = 2;

// Reads the command line of a program. The error is its exit status: what was asked of it has been
// printed (--help), or what is wrong has been said on standard error.
std::expected<void, int> parse_program(CLI::App& app, int argc, const char* const* argv);

}  // namespace rap::command_line
