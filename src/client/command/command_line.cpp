#include "client/command/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "base/log/printable.hpp"
#include "client/core/printable_json.hpp"
#include "command_line/parsing.hpp"

namespace rap::client {
namespace {

using nlohmann::json;

constexpr std::string_view kHelp = "help";

std::string_view name_of(ExitCode code) {
  switch (code) {
    case ExitCode::ok: return "ok";
    case ExitCode::failed: return "failed";
    case ExitCode::usage: return "usage";
    case ExitCode::not_signed_in: return "not_signed_in";
    case ExitCode::denied: return "denied";
    case ExitCode::not_found: return "not_found";
    case ExitCode::unreachable: return "unreachable";
    case ExitCode::untrusted: return "untrusted";
  }
  return "failed";
}

int status_of(const Invocation& invocation, ExitCode code) {
  return invocation.failure_status.value_or(static_cast<int>(code));
}

int say(std::ostream& err, bool as_json, const Invocation& invocation, const Failure& failure) {
  const int status = status_of(invocation, failure.code);
  if (as_json) {
    const json said = {
        {"error", {{"code", name_of(failure.code)}, {"status", status}, {"text", failure.text}}}};
    err << printable_json(said) << std::endl;
  } else {
    err << "rap: " << printable(failure.text) << std::endl;
  }
  return status;
}

bool wants_json(const std::vector<std::string>& words) {
  const auto end = std::ranges::find(words, "--");
  return std::find(words.begin(), end, "--json") != end;
}

}  // namespace

std::optional<int> read_command_line(CLI::App& root, Invocation& invocation,
                                     std::vector<std::string> words, std::ostream& out,
                                     std::ostream& err) {
  if (!words.empty() && words.front() == kHelp) {
    words.erase(words.begin());
    if (const auto unknown = command_line::explain_unknown_word(root, words)) {
      return say(err, wants_json(words), invocation, {ExitCode::usage, *unknown});
    }
    words.emplace_back("--help");
  }
  const auto verbatim =
      words.empty() ? invocation.verbatim.end() : invocation.verbatim.find(words.front());
  if (verbatim != invocation.verbatim.end()) {
    const auto read = verbatim->second({words.begin() + 1, words.end()});
    if (!read) return say(err, invocation.json, invocation, read.error());
    if (invocation.run) return std::nullopt;
    out << root.get_subcommand(words.front())->help(root.get_name());
    return 0;
  }
  try {
    command_line::parse_words(root, words);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    std::ostringstream text;
    if (root.exit(e, text, text) == 0) {
      out << text.str();
      return 0;
    }
    return say(err, wants_json(words), invocation,
               {ExitCode::usage, command_line::explain_error(root, words, e)});
  }
}

int run_command(World& world, const Invocation& invocation) {
  const auto done = invocation.run(world);
  return done ? *done : say(world.err, world.json, invocation, done.error());
}

}  // namespace rap::client
