#include "client/access/ssh_arguments.hpp"

#include <algorithm>

#include "base/try.hpp"

namespace rap::client {
namespace {

// The options of ssh(1) that take a value, in their word or the next; of OpenSSH 9.2.
constexpr std::string_view kValued = "bceilmopBDEFIJLOQRSwW";
// Those with which ssh tells of itself and goes nowhere.
constexpr std::string_view kWithoutHost = "VQ";
constexpr std::string_view kScheme = "ssh://";

struct OptionWord {
  bool wants_next = false;  // its value is the next word
  bool needs_no_host = false;
};

OptionWord look_at(std::string_view word) {
  OptionWord seen;
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (kWithoutHost.find(word[i]) != kWithoutHost.npos) seen.needs_no_host = true;
    if (kValued.find(word[i]) == kValued.npos) continue;
    seen.wants_next = i + 1 == word.size();
    break;
  }
  return seen;
}

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

// "user@host" at the last @, or ssh://user@host:port, as ssh takes them apart.
void read_destination(std::string_view word, SshArguments& into) {
  std::size_t begin = word.starts_with(kScheme) ? kScheme.size() : 0;
  std::size_t end = word.size();
  if (const std::size_t at = word.rfind('@'); at != word.npos) begin = std::max(begin, at + 1);
  if (word.starts_with(kScheme)) end = std::min(word.find_first_of(":/", begin), word.size());
  into.before_resource = word.substr(0, begin);
  into.resource = word.substr(begin, end - begin);
  into.after_resource = word.substr(end);
}

class Reader {
 public:
  explicit Reader(const std::vector<std::string>& words) : words_(words) {}

  Fallible<SshArguments> read() {
    bool needs_no_host = false;
    while (at_ < words_.size() && is_option(words_[at_])) {
      const std::string& word = words_[at_++];
      if (word == "--") {
        read_.options_ended = true;
        break;
      }
      if (word == "-h") {
        read_.help = true;
      } else if (word.starts_with("--")) {
        RAP_TRY(own_option(word));
      } else {
        const OptionWord seen = look_at(word);
        needs_no_host = needs_no_host || seen.needs_no_host;
        read_.options.push_back(word);
        if (seen.wants_next) read_.options.push_back(RAP_TRY(value_of(word)));
      }
    }
    if (at_ < words_.size()) {
      read_destination(words_[at_++], read_);
    } else if (!needs_no_host && !read_.help) {
      return fail(ExitCode::usage,
                  "Say where to: rap ssh [USER@]RESOURCE. 'rap resources' lists yours.");
    }
    if (read_.resource && read_.resource->empty()) {
      return fail(ExitCode::usage, "There is no resource in '" + words_[at_ - 1] + "'.");
    }
    read_.rest.assign(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    return std::move(read_);
  }

 private:
  Fallible<std::string> value_of(const std::string& option) {
    if (at_ == words_.size()) return fail(ExitCode::usage, option + " needs a value.");
    return words_[at_++];
  }

  Fallible<void> own_option(const std::string& word) {
    static constexpr std::string_view kOrganization = "--organization";
    const std::string name = word.substr(0, word.find('='));
    if (word == "--json") {
      read_.json = true;
    } else if (word == "--help") {
      read_.help = true;
    } else if (word == kOrganization) {
      read_.organization = RAP_TRY(value_of(word));
    } else if (name == kOrganization) {
      read_.organization = word.substr(kOrganization.size() + 1);
    } else {
      return fail(ExitCode::usage,
                  "'rap ssh' has no option '" + name +
                      "'. Words for the resource come after its name: rap ssh RESOURCE COMMAND...");
    }
    return {};
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  SshArguments read_;
};

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool SshArguments::sets(std::string_view keyword) const {
  for (std::size_t i = 0; i < options.size(); ++i) {
    std::string_view setting = options[i];
    if (setting == "-o") {
      setting = i + 1 < options.size() ? std::string_view(options[++i]) : std::string_view{};
    } else if (setting.starts_with("-o")) {
      setting.remove_prefix(2);
    } else {
      if (look_at(setting).wants_next) ++i;
      continue;
    }
    setting.remove_prefix(std::min(setting.find_first_not_of(" \t\""), setting.size()));
    if (same_word(setting.substr(0, setting.find_first_of(" \t=\"")), keyword)) return true;
  }
  return false;
}

Fallible<SshArguments> read_ssh_arguments(const std::vector<std::string>& words) {
  return Reader(words).read();
}

}  // namespace rap::client
