#include "client/access/host_key_store.hpp"

#include "base/try.hpp"
#include "client/access/ssh_host.hpp"

namespace rap::client {
namespace {

Fallible<void> pin(Home& home, const std::string& id, const std::string& organization,
                   const std::string& resource, const std::optional<std::string>& key) {
  if (!key) return {};
  const std::string file = pinned_key_file(id);
  const std::string text = pinned_key_text(organization, resource, *key);
  const auto before = RAP_TRY(home.read(file));
  return before == text ? Fallible<void>{} : home.write(file, text);
}

}  // namespace

Fallible<void> pin_host_key(Home& home, const OpenResource& r) {
  return pin(home, r.id, r.organization, r.name, r.ssh_host_key);
}

Fallible<void> pin_host_key(Home& home, const Attachment& a) {
  return pin(home, a.resource_id, a.organization, a.resource, a.ssh_host_key);
}

}  // namespace rap::client
