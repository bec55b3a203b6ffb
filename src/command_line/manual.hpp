// A manual page (roff, man(7)) from a command line tree: the same words as --help.
#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace rap::command_line {

// What a tree does not hold. A section's text is plain; an empty line starts a new paragraph.
struct ManualSection {
  std::string heading;  // "EXIT STATUS"
  std::vector<std::pair<std::string, std::string>> entries;  // term and explanation
};

std::string manual_page(const CLI::App& root, const std::string& version,
                        const std::vector<ManualSection>& sections);

// The flag --man of a program: it prints the page of `app` to `out` and ends the parsing.
void add_manual_flag(CLI::App& app, const std::string& version, std::vector<ManualSection> sections,
                     std::ostream& out);

}  // namespace rap::command_line
