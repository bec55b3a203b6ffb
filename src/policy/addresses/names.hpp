// What people may call things, and which addresses a resource may point at. Each check returns
// nullptr when the value is fine, else what is wrong with it, as the end of a sentence that starts
// with the value's name: "must be …".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rap::policy {

inline constexpr std::size_t kMaxNameBytes = 63;    // fits a DNS label and an ssh host alias
inline constexpr std::size_t kMaxEmailBytes = 254;  // RFC 5321 §4.5.3.1.3, less the brackets
inline constexpr std::size_t kMaxHostBytes = 253;   // RFC 1035 §2.3.4, as text
inline constexpr std::size_t kMinPasswordCharacters = 10;

// The name of an organization, pool, resource or node has letters, digits, '.', '_', '-', starting
// with a letter or a digit. A name never looks like an id, because the API takes either.
const char* check_name(std::string_view name);

const char* check_email(std::string_view email);
std::string normalize_email(std::string_view email);  // lower case

const char* check_password(std::string_view password);

// A host is a DNS name or an IP literal.
const char* check_host(std::string_view host);

// Whether resolvers may read the host as an address although it is no literal: 127.1, 0x7f000001,
// 0177.0.0.1. Such a host is neither looked up nor dialled.
bool is_numeric_host(std::string_view host);

// The target of a resource is a host that no resolver reads as another address. Whether an address
// may be one is policy/addresses/address_ranges.hpp's to say.
const char* check_target_name(std::string_view host);

// A host that others are to connect to is such a host, and neither unspecified, multicast nor
// link-local.
const char* check_target_host(std::string_view host);

// A host key is one line of OpenSSH public key: "ssh-ed25519 AAAA…", with or without a comment.
const char* check_ssh_host_key(std::string_view key);

}  // namespace rap::policy
