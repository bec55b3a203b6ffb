#include "control/pki/status/ocsp_answering.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "control/pki/authority.hpp"
#include "control/pki/certificate_inventory.hpp"
#include "crypto/ocsp/ocsp.hpp"

namespace rap::control {
namespace {

using crypto::OcspError;
using crypto::OcspStatus;

struct Known {
  OcspStatus status;
  CertificateKind kind = CertificateKind::node;
  WallTime not_after{};
};

// Never issued, and issued by another, are the same to who asks.
Known look_up(Transaction& tx, const std::string& serial, const std::string& ca_ref) {
  const auto found = tx.certificates().find(serial);
  const auto it = std::ranges::find(found, ca_ref, &NodeCertificate::ca_ref);
  if (it == found.end()) return {{OcspStatus::Kind::unknown}, CertificateKind::worker};
  Known known{{OcspStatus::Kind::unknown}, it->kind, it->not_after};
  if (it->is_usable()) {
    known.status.kind = OcspStatus::Kind::good;
  } else if (it->status == "revoked") {
    known.status = {OcspStatus::Kind::revoked, it->revoked_at.value_or(it->not_before),
                    revocation_reason(it->holder, it->key_revoked)};
  }
  return known;
}

std::string_view outcome_of(OcspStatus::Kind kind) {
  switch (kind) {
    case OcspStatus::Kind::good: return ocsp_outcome::kGood;
    case OcspStatus::Kind::revoked: return ocsp_outcome::kRevoked;
    case OcspStatus::Kind::unknown: break;
  }
  return ocsp_outcome::kUnknown;
}

// A nonce is one asker's, and what is kept is about one certificate, named as everybody names it:
// an answer repeats the name as it came, and one in another form would take the place of what is
// kept.
bool may_be_kept(const crypto::OcspRequest& request, const OcspSigner& signer) {
  return request.nonce.empty() && request.certificates.size() == 1 &&
         request.certificates.front().is_plain(signer.issuer);
}

OcspAnswered unsigned_answer(OcspError error, std::string_view outcome) {
  return {std::string(as_text(crypto::ocsp_error(error))), outcome};
}

}  // namespace

std::optional<OcspAnswering::Asked> OcspAnswering::read(ByteView body, WallTime now) const {
  auto request = crypto::parse_ocsp_request(body);
  if (!request) return std::nullopt;
  // One signature covers them all, so all have one issuer.
  auto signer = ports_.signers.find(request->certificates.front(), *ports_.authority.get(),
                                    ports_.config_valid_for, ports_.rng, now);
  const auto rest = std::span(request->certificates).subspan(1);
  const bool ours = signer && std::ranges::all_of(rest, [&](const crypto::OcspCertId& id) {
                      return id.is_issued_by(signer->issuer);
                    });
  return Asked{std::move(*request), ours ? std::move(signer) : nullptr};
}

std::optional<OcspAnswered> OcspAnswering::answer_at_once(ByteView request, Moment now) const {
  const auto asked = read(request, now.wall);
  if (!asked || !asked->signer || !may_be_kept(asked->request, *asked->signer)) return std::nullopt;
  const auto kept = kept_.find(asked->request.certificates.front(), *asked->signer, now);
  if (!kept) return std::nullopt;
  return OcspAnswered{kept->body, outcome_of(kept->kind)};
}

OcspAnswered OcspAnswering::answer(ByteView request, Moment now) const {
  const auto asked = read(request, now.wall);
  if (!asked) return unsigned_answer(OcspError::malformed_request, ocsp_outcome::kMalformed);
  if (!asked->signer) {
    return unsigned_answer(OcspError::unauthorized, ocsp_outcome::kUnauthorized);
  }
  return answer(*asked, now);
}

OcspAnswered OcspAnswering::answer(const Asked& asked, Moment now) const {
  const auto& [request, signer] = asked;
  const bool may_keep = may_be_kept(request, *signer);
  const crypto::OcspCertId& first = request.certificates.front();
  const auto from_memory = [&]() -> std::optional<OcspAnswered> {
    const auto kept = may_keep ? kept_.find(first, *signer, now) : nullptr;
    if (!kept) return std::nullopt;
    return OcspAnswered{kept->body, outcome_of(kept->kind)};
  };
  // Somebody before it in the queue may have read what it came to read.
  if (auto answered = from_memory()) return std::move(*answered);

  const auto reading = kept_.begin(now.mono);
  std::optional<std::string> version;
  std::vector<Known> found;
  const auto ran =
      database_.run(Scope::cluster(ports_.authority.get()->cluster), [&](Transaction& tx) {
        found.clear();
        if (may_keep) version = tx.certificates().status_version();
        for (const crypto::OcspCertId& id : request.certificates) {
          found.push_back(look_up(tx, id.serial, signer->ca_ref));
        }
        return Ending::roll_back;
      });
  if (!ran) {
    kept_.read(reading, std::nullopt);
    return unsigned_answer(OcspError::try_later, ocsp_outcome::kTryLater);
  }
  if (version) {
    kept_.read(reading, version);
    if (auto answered = from_memory()) return std::move(*answered);
  }
  std::vector<crypto::OcspAnswer> answers;
  for (std::size_t i = 0; i < found.size(); ++i) {
    answers.push_back({request.certificates[i], found[i].status, now.wall,
                       now.wall + ocsp_validity(found[i].kind, ports_.config_valid_for)});
  }
  const OcspStatus::Kind kind = found.front().status.kind;
  const Bytes der = crypto::sign_ocsp_response(signer->delegate, answers, request.nonce, now.wall);
  OcspAnswered answered{std::string(as_text(der)), outcome_of(kind)};
  if (version) {
    const auto kept_for = ocsp_kept_for(answers.front().next_update - now.wall);
    kept_.keep(first,
               {signer, first.der, kind, now.wall,
                std::min(now.wall + kept_for, found.front().not_after), answered.body},
               *version, now);
  }
  return answered;
}

}  // namespace rap::control
