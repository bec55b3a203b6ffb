#include "control/store/postgres/client_sign_in.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace rap::store {
namespace {

// A value as libpq reads it between single quotes.
std::string value_of(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

std::expected<ClientSignIn, std::string> client_sign_in(const std::string& conninfo,
                                                        const std::string& user) {
  if (conninfo.find('=') == conninfo.npos && conninfo.find("://") == conninfo.npos) {
    return client_sign_in("dbname=" + value_of(conninfo), user);  // as libpq takes it
  }
  char* wrong = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(conninfo.c_str(), &wrong), PQconninfoFree);
  const std::unique_ptr<char, void (*)(void*)> said(wrong, PQfreemem);
  if (!options) {
    std::string why = wrong ? wrong : "out of memory";
    while (why.ends_with('\n')) why.pop_back();
    return std::unexpected("--database-url: " + why);
  }
  ClientSignIn out{.conninfo = "user=" + value_of(user), .environment = {}};
  for (const PQconninfoOption* o = options.get(); o->keyword; ++o) {
    const std::string_view keyword = o->keyword;
    // What a Connection sets itself is ours here too.
    if (!o->val || keyword == "user" || keyword == "options") continue;
    if (keyword == "password") {
      out.environment.push_back("PGPASSWORD=" + std::string(o->val));
    } else if (keyword == "sslpassword") {
      return std::unexpected(
          "--database-url has an sslpassword, which PostgreSQL's programs take from a command "
          "line only, where others would see it; use a key without one");
    } else {
      out.conninfo += " " + std::string(keyword) + "=" + value_of(o->val);
    }
  }
  return out;
}

}  // namespace rap::store
