#include "crypto/testing/mutator.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/encoding.hpp"

namespace rap::crypto {
namespace {

// The places of a certificate's parts (RFC 5280 §4.1).
enum Part : std::size_t { version, serial, inner_algorithm, issuer, validity, subject, key, rest };

constexpr std::uint8_t kBoolean = 0x01;
constexpr std::uint8_t kUtcTime = 0x17;
constexpr std::uint8_t kGeneralizedTime = 0x18;
constexpr std::uint8_t kUriName = 0x86;

Bytes hex(std::string_view text) { return *from_hex(text); }

Der value(std::uint8_t tag, Bytes content) {
  Der out;
  out.tag = tag;
  out.content = std::move(content);
  return out;
}

Der value(std::uint8_t tag, std::string_view text) { return value(tag, to_bytes(as_bytes(text))); }

bool is_extension(const Der& extension, std::string_view oid_hex) {
  return !extension.children.empty() && extension.children.front().content == hex(oid_hex);
}

}  // namespace

Mutator::Mutator(std::uint64_t seed, const std::vector<Bytes>& donors,
                 std::vector<std::string> identities)
    : rng_(seed), identities_(std::move(identities)) {
  for (const Bytes& der : donors) {
    auto tree = Der::parse(der);
    if (!tree) throw std::runtime_error("a donor is no DER");
    donors_.push_back(std::move(*tree));
  }
}

void Mutator::bend(Der& certificate) {
  for (std::size_t n = 1 + any(3); n > 0; --n) bend_once(certificate);
}

void Mutator::bend_once(Der& certificate) {
  // An earlier change may have taken away what a later one is about.
  if (certificate.children.size() != 3 || certificate.children[0].children.size() <= rest) {
    return bend_any_value(certificate);
  }
  std::vector<Der>& parts = certificate.children[0].children;
  switch (any(12)) {
    case 0: return swap_field(certificate);
    case 1: return bend_serial(parts[serial]);
    case 2: return bend_dates(parts[validity]);
    case 3: return bend_algorithm(any(2) == 0 ? parts[inner_algorithm] : certificate.children[1]);
    case 4: return bend_content(certificate.children[2].content);
    case 5:
      parts[version].children = {value(0x02, Bytes{static_cast<std::uint8_t>(any(5))})};
      return;
    case 6: return bend_any_value(certificate);
    case 7: {
      std::vector<Der*> below;
      parts[any(2) == 0 ? issuer : subject].collect(below);
      return bend_content(below[any(below.size())]->content);
    }
    case 8: {
      std::vector<Der*> below;
      parts[key].collect(below);
      return bend_content(below[any(below.size())]->content);
    }
    default:
      if (parts[rest].children.empty()) return bend_any_value(certificate);
      return bend_extensions(parts[rest].children.front());
  }
}

// Any value: its tag, its length, its content; or removed, repeated, exchanged with a neighbour.
void Mutator::bend_any_value(Der& certificate) {
  std::vector<Der*> all;
  certificate.collect(all);
  Der& at = *all[any(all.size())];
  switch (any(6)) {
    case 0: at.tag = static_cast<std::uint8_t>(at.tag ^ 1U << any(8)); return;
    case 1: return bend_length(at);
    case 2: at.nested = false; return bend_content(at.content);
    default: break;
  }
  if (!at.nested || at.children.empty()) return bend_content(at.content);
  const std::size_t i = any(at.children.size());
  const auto child = at.children.begin() + static_cast<std::ptrdiff_t>(i);
  switch (any(3)) {
    case 0: at.children.erase(child); return;
    case 1: at.children.insert(child, Der(*child)); return;
    default: std::swap(*child, at.children[any(at.children.size())]); return;
  }
}

void Mutator::swap_field(Der& certificate) {
  const Der& donor = donors_[any(donors_.size())];
  if (any(8) == 0) {
    const std::size_t i = 1 + any(2);  // the algorithm or the signature itself
    certificate.children[i] = donor.children[i];
    return;
  }
  std::vector<Der>& parts = certificate.children[0].children;
  const std::vector<Der>& others = donor.children[0].children;
  const std::size_t i = any(std::min(parts.size(), others.size()));
  parts[i] = others[i];
}

void Mutator::bend_extensions(Der& extensions) {
  std::vector<Der>& list = extensions.children;
  if (list.empty()) return;
  const std::size_t i = any(list.size());
  const auto at = list.begin() + static_cast<std::ptrdiff_t>(i);
  switch (any(8)) {
    case 0: list.erase(at); return;
    case 1: list.push_back(Der(*at)); return;
    case 2: std::swap(*at, list[any(list.size())]); return;
    case 3: {
      const Der& donor = donors_[any(donors_.size())];
      const std::vector<Der>& others = donor.children[0].children.back().children.front().children;
      list[i] = others[any(others.size())];
      return;
    }
    case 4: {  // nobody knows 1.2.3.4
      Der unknown = *at;
      if (unknown.children.empty()) return;
      unknown.children.front().content = hex("2a0304");
      list.push_back(std::move(unknown));
      return;
    }
    default: return bend_extension(*at);
  }
}

void Mutator::bend_extension(Der& extension) {
  std::vector<Der>& parts = extension.children;
  if (parts.size() < 2) return;
  if (any(6) == 0) {
    if (parts[1].tag == kBoolean) {
      parts.erase(parts.begin() + 1);
    } else {
      parts.insert(parts.begin() + 1, value(kBoolean, Bytes{0xff}));
    }
    return;
  }
  Der& wrapped = parts.back();
  if (!wrapped.nested || wrapped.children.size() != 1) return bend_content(wrapped.content);
  Der& inner = wrapped.children.front();
  if (is_extension(extension, "551d11")) return bend_names(inner);
  bend_usage(inner);
}

void Mutator::bend_names(Der& names) {
  const std::string& identity = identities_[any(identities_.size())];
  std::vector<Der>& list = names.children;
  const auto uri = std::ranges::find(list, kUriName, &Der::tag);
  switch (any(7)) {
    case 0: list.push_back(value(kUriName, identity)); return;
    case 1: list.insert(list.begin(), value(kUriName, identity)); return;
    case 2: list.push_back(value(0x81, "a@example.com")); return;
    case 3: list.push_back(value(kUriName, "")); return;
    default: break;
  }
  if (uri == list.end()) return;
  switch (any(4)) {
    case 0: uri->content = to_bytes(as_bytes(identity)); return;
    case 1: uri->tag = static_cast<std::uint8_t>(0x80 | any(9)); return;
    case 2: uri->content.push_back(static_cast<std::uint8_t>(any(2) == 0 ? 0 : '/')); return;
    default: return bend_content(uri->content);
  }
}

// Basic constraints, key usage, EKU and key ids: whatever values they are made of.
void Mutator::bend_usage(Der& inner) {
  std::vector<Der*> all;
  inner.collect(all);
  Der& at = *all[any(all.size())];
  switch (any(4)) {
    case 0:
      if (at.nested) at.children.push_back(value(kBoolean, Bytes{0xff}));  // CA:TRUE
      return;
    case 1:
      if (at.nested) at.children.push_back(value(0x02, Bytes{0}));  // a path length
      return;
    case 2:
      if (at.tag == 0x06) at.content = hex("551d2500");  // anyExtendedKeyUsage
      return;
    default:
      if (!at.nested) bend_content(at.content);
      return;
  }
}

void Mutator::bend_serial(Der& serial) {
  switch (any(5)) {
    case 0: serial.content = {0}; return;
    case 1: serial.content.front() ^= 0x80; return;  // negative
    case 2: serial.content.insert(serial.content.begin(), 0); return;
    case 3: serial.content.push_back(1); return;
    default: return bend_content(serial.content);
  }
}

void Mutator::bend_dates(Der& validity) {
  if (validity.children.size() != 2) return bend_length(validity);
  Der& at = validity.children[any(2)];
  switch (any(6)) {
    case 0: std::swap(validity.children[0], validity.children[1]); return;
    case 1: at = value(kUtcTime, any(2) == 0 ? "700101000000Z" : "491231235959Z"); return;
    case 2:
      at = value(kGeneralizedTime, any(2) == 0 ? "99991231235959Z" : "00000101000000Z");
      return;
    case 3: at.tag = at.tag == kUtcTime ? kGeneralizedTime : kUtcTime; return;
    case 4: at = value(at.tag, any(2) == 0 ? "2701140800Z" : "270114080000+0100"); return;
    default: return bend_content(at.content);
  }
}

void Mutator::bend_algorithm(Der& algorithm) {
  static const std::vector<Bytes> kOids = {
      hex("2a8648ce3d040302"),   hex("2a8648ce3d0401"),       // ECDSA with SHA-256, SHA-1
      hex("2a8648ce3d040303"),   hex("2b6570"),               // SHA-384; Ed25519
      hex("2a864886f70d01010b"), hex("2a864886f70d010104")  // RSA with SHA-256, MD5
  };
  if (algorithm.children.empty()) return bend_length(algorithm);
  if (any(3) == 0) {
    algorithm.children.push_back(value(0x05, Bytes{}));
  } else {
    algorithm.children.front().content = kOids[any(kOids.size())];
  }
}

void Mutator::bend_length(Der& at) {
  const Bytes right = at.encode();
  const std::uint8_t first = right.size() > 1 ? right[1] : 0;
  switch (any(6)) {
    case 0: at.length = {0x80}; return;  // indefinite
    case 1: at.length = {0x81, first}; return;
    case 2: at.length = {0x84, 0xff, 0xff, 0xff, 0xff}; return;
    case 3: at.length = {static_cast<std::uint8_t>((first + 1) & 0x7f)}; return;
    case 4: at.length = {static_cast<std::uint8_t>((first - 1) & 0x7f)}; return;
    default: at.length = {0}; return;
  }
}

void Mutator::bend_content(Bytes& content) {
  if (content.empty()) {
    content.push_back(static_cast<std::uint8_t>(any(256)));
    return;
  }
  const std::size_t i = any(content.size());
  switch (any(5)) {
    case 0: content.erase(content.begin() + static_cast<std::ptrdiff_t>(i)); return;
    case 1:
      content.insert(content.begin() + static_cast<std::ptrdiff_t>(i),
                     static_cast<std::uint8_t>(any(256)));
      return;
    case 2: content[i] = static_cast<std::uint8_t>(any(256)); return;
    default: content[i] = static_cast<std::uint8_t>(content[i] ^ 1U << any(8)); return;
  }
}

void Mutator::break_bytes(Bytes& der) {
  switch (any(4)) {
    case 0:
      if (der.size() > 1) der.resize(1 + any(der.size() - 1));
      return;
    case 1:
      for (std::size_t n = 1 + any(8); n > 0; --n) {
        der[any(der.size())] = static_cast<std::uint8_t>(any(256));
      }
      return;
    default: der[any(der.size())] ^= static_cast<std::uint8_t>(1U << any(8)); return;
  }
}

}  // namespace rap::crypto
