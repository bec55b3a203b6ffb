// Bends certificates, for tests: the same seed gives the same mutants.
#pragma once

#include <vector>

#include "base/seeded_random.hpp"
#include "crypto/testing/der.hpp"

namespace rap::crypto {

class Mutator {
 public:
  // `donors`: certificates whose fields may be swapped in; `identities`: URIs that a mutant may
  // try.
  Mutator(std::uint64_t seed, const std::vector<Bytes>& donors,
          std::vector<std::string> identities);

  // One to three changes of the tree, each of a kind an attacker would try.
  void bend(Der& certificate);
  // Changes below the tree: bits, bytes, a cut. `der` is never empty and may stay as it was.
  void break_bytes(Bytes& der);
  SeededRandom& rng() { return rng_; }

 private:
  void bend_once(Der& certificate);
  void bend_any_value(Der& certificate);
  void swap_field(Der& certificate);
  void bend_extensions(Der& extensions);
  void bend_extension(Der& extension);
  void bend_names(Der& names);
  void bend_usage(Der& value);
  void bend_serial(Der& serial);
  void bend_dates(Der& validity);
  void bend_algorithm(Der& algorithm);
  void bend_length(Der& value);
  void bend_content(Bytes& content);
  std::size_t any(std::size_t bound) { return static_cast<std::size_t>(rng_.below(bound)); }

  SeededRandom rng_;
  std::vector<Der> donors_;
  std::vector<std::string> identities_;
};

}  // namespace rap::crypto
