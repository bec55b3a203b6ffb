// The names of a certificate's subject, as a value.
#pragma once

#include <string>
#include <vector>

namespace rap::crypto {

// The names a certificate speaks for, or a request asks for. Each list is sorted and free of
// duplicates once it comes out of a parser. IPs are textual, as inet_ntop writes them.
struct SubjectNames {
  std::vector<std::string> dns;
  std::vector<std::string> ips;
  std::vector<std::string> uris;
  // Something else was there: a name of another kind (email, dirName, …), one that is empty or not
  // printable ASCII, the same name twice, or an extension that does not parse.
  bool has_other = false;

  bool operator==(const SubjectNames&) const = default;
};

}  // namespace rap::crypto
