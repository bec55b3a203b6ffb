// Names between OpenSSL's form and ours. Internal to this layer.
#pragma once

#include <string>

#include "crypto/keys/openssl_handle.hpp"
#include "crypto/x509/subject_names.hpp"

namespace rap::crypto {

SubjectNames read_names(const stack_st_GENERAL_NAME* names);
Handle<stack_st_GENERAL_NAME> make_names(const SubjectNames& names);

// RFC 2253 text, for display.
std::string name_text(const X509_name_st* name);

}  // namespace rap::crypto
