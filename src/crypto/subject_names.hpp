// Names between OpenSSL's form and ours. Internal to this layer.
#pragma once

#include "crypto/certificate.hpp"
#include "crypto/openssl_handle.hpp"

namespace rap::crypto {

SubjectNames read_names(const stack_st_GENERAL_NAME* names);
Handle<stack_st_GENERAL_NAME> make_names(const SubjectNames& names);

// RFC 2253 text, for display.
std::string name_text(const X509_name_st* name);

}  // namespace rap::crypto
