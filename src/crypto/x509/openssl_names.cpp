#include "crypto/x509/openssl_names.hpp"

#include <algorithm>

#include <arpa/inet.h>
#include <openssl/x509v3.h>

namespace rap::crypto {
namespace {

// A name with a NUL, a blank or a byte beyond ASCII is no name: it may be shown as another.
bool printable(std::string_view s) {
  return !s.empty() && std::ranges::all_of(s, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view text_of(const ASN1_STRING* s) {
  return as_text({ASN1_STRING_get0_data(s), static_cast<std::size_t>(ASN1_STRING_length(s))});
}

std::string ip_text(const ASN1_STRING* s) {
  const int size = ASN1_STRING_length(s);
  if (size != 4 && size != 16) return {};
  char text[INET6_ADDRSTRLEN];
  const char* done =
      inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), text, sizeof text);
  return done != nullptr ? done : "";
}

// Returns whether a name was there twice.
bool normalize(std::vector<std::string>& list) {
  std::ranges::sort(list);
  const auto rest = std::ranges::unique(list);
  const bool repeated = !rest.empty();
  list.erase(rest.begin(), rest.end());
  return repeated;
}

void add(stack_st_GENERAL_NAME* names, int type, int asn1_type, ByteView content) {
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_STRING* value = ASN1_STRING_type_new(asn1_type);
  require(name != nullptr && value != nullptr &&
              ASN1_STRING_set(value, content.data(), static_cast<int>(content.size())) == 1,
          "build a name");
  GENERAL_NAME_set0_value(name, type, value);
  require(sk_GENERAL_NAME_push(names, name) > 0, "build a list of names");
}

void add_ip(stack_st_GENERAL_NAME* names, const std::string& text) {
  std::uint8_t raw[16];
  const bool v6 = text.find(':') != std::string::npos;
  require(inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), raw) == 1, "read an IP address");
  add(names, GEN_IPADD, V_ASN1_OCTET_STRING, ByteView(raw).first(v6 ? 16 : 4));
}

}  // namespace

SubjectNames read_names(const stack_st_GENERAL_NAME* names) {
  SubjectNames out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
    const auto* text = static_cast<const ASN1_STRING*>(value);
    if (type == GEN_DNS && printable(text_of(text))) {
      out.dns.emplace_back(text_of(text));
    } else if (type == GEN_URI && printable(text_of(text))) {
      out.uris.emplace_back(text_of(text));
    } else if (type == GEN_IPADD && !ip_text(text).empty()) {
      out.ips.push_back(ip_text(text));
    } else {
      out.has_other = true;
    }
  }
  const bool repeated_dns = normalize(out.dns);
  const bool repeated_ip = normalize(out.ips);
  const bool repeated_uri = normalize(out.uris);
  out.has_other = out.has_other || repeated_dns || repeated_ip || repeated_uri;
  return out;
}

Handle<stack_st_GENERAL_NAME> make_names(const SubjectNames& names) {
  Handle<stack_st_GENERAL_NAME> out(sk_GENERAL_NAME_new_null());
  require(out != nullptr, "build a list of names");
  for (const auto& uri : names.uris) add(out.get(), GEN_URI, V_ASN1_IA5STRING, as_bytes(uri));
  for (const auto& dns : names.dns) add(out.get(), GEN_DNS, V_ASN1_IA5STRING, as_bytes(dns));
  for (const auto& ip : names.ips) add_ip(out.get(), ip);
  return out;
}

std::string name_text(const X509_name_st* name) {
  Handle<bio_st> out(BIO_new(BIO_s_mem()));
  require(out != nullptr, "print a name");
  const QuietErrors quiet;
  if (X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return "(unprintable)";
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace rap::crypto
