#include "control/pki/own_certificate.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/core/audit.hpp"
#include "control/pki/certificate_inventory.hpp"

namespace rap::control {
namespace {

OwnStanding enter(Transaction& tx, const Authority& authority,
                  const std::vector<crypto::Certificate>& chain, const std::string& replaced,
                  WallTime now) {
  const auto found = tx.certificates().find(chain.front().serial_hex());
  const auto known = std::ranges::find(found, CertificateKind::control, &NodeCertificate::kind);
  if (known != found.end()) {
    return known->status == "revoked" ? OwnStanding::revoked : OwnStanding::good;
  }
  const auto entry = inventory_entry(NodeId{}, CertificateKind::control, chain, authority.ca_ref());
  tx.certificates().add(entry);
  if (!replaced.empty() && replaced != entry.serial) tx.certificates().retire(replaced);
  tx.audit(AuditEntry::of_system(now)
               .about("certificate.issued", "certificate", entry.serial,
                      std::string(kOwnCertificateName))
               .with({{"kind", to_string(entry.kind)},
                      {"ca_ref", entry.ca_ref},
                      {"fingerprint", entry.fingerprint}}));
  return OwnStanding::good;
}

}  // namespace

OwnStanding enter_own_certificate(Database& database, const Authority& authority,
                                  const std::vector<crypto::Certificate>& chain,
                                  const std::string& replaced, WallTime now) {
  OwnStanding standing = OwnStanding::unknown;
  const auto ran = database.run(Scope::platform().in(authority.cluster), [&](Transaction& tx) {
    standing = enter(tx, authority, chain, replaced, now);
    return Ending::commit;
  });
  return ran ? standing : OwnStanding::unknown;
}

}  // namespace rap::control
