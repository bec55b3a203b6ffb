#include "control/pki/status/kept_ocsp_answers.hpp"

#include <algorithm>
#include <utility>

namespace rap::control {
namespace {

// What is kept of it, as far as others decide over that.
std::size_t size_of(const KeptOcspAnswer& answer) { return answer.id.size() + answer.body.size(); }

}  // namespace

std::chrono::seconds ocsp_kept_for(std::chrono::seconds validity) {
  return std::min(kMaxOcspKept, validity / kOcspKeptShare);
}

std::shared_ptr<const KeptOcspAnswer> OcspAnswerMemory::find(const crypto::OcspCertId& id,
                                                             const OcspSigner& signer, Moment now) {
  if (!is_confirmed(now.mono)) return nullptr;
  const auto found = answers_.find({signer.ca_ref, id.serial, id.hash});
  if (found == answers_.end()) return nullptr;
  const KeptOcspAnswer& answer = *found->second;
  // Nor does it count when the clock was set back, or another delegate signs now.
  if (now.wall < answer.this_update || now.wall >= answer.keep_until) return nullptr;
  if (answer.signer.get() != &signer || answer.id != id.der) return nullptr;
  ++used_;
  return found->second;
}

void OcspAnswerMemory::read(const Reading& reading, const std::optional<std::string>& version) {
  if (!version) {
    confirmed_ = false;
    return clear();
  }
  // A change was heard of meanwhile, or one who began later has read already.
  if (reading.generation != generation_) return;
  if (confirmed_ && reading.began < confirmed_at_) return;
  if (version_ != *version) {
    clear();
    version_ = *version;
  }
  confirmed_ = true;
  confirmed_at_ = reading.began;
}

void OcspAnswerMemory::keep(const crypto::OcspCertId& id, KeptOcspAnswer answer,
                            const std::string& version, Moment now) {
  if (answer.id.size() > kMaxKeptOcspId || answer.kind == crypto::OcspStatus::Kind::unknown) return;
  if (!confirmed_ || version_ != version) return;
  const Key key{answer.signer->ca_ref, id.serial, id.hash};
  if (const auto old = answers_.find(key); old != answers_.end()) remove(old);
  const std::size_t bytes = size_of(answer);
  if (!has_room(bytes)) sweep(now);
  if (!has_room(bytes)) return;
  bytes_ += bytes;
  answers_.emplace(key, std::make_shared<const KeptOcspAnswer>(std::move(answer)));
}

void OcspAnswerMemory::forget() {
  ++generation_;
  confirmed_ = false;
}

bool OcspAnswerMemory::is_confirmed(MonoTime now) const {
  return confirmed_ && now <= confirmed_at_ + kStatusAge;
}

bool OcspAnswerMemory::has_room(std::size_t bytes) const {
  return answers_.size() < kMaxKeptOcspAnswers && bytes_ + bytes <= kMaxKeptOcspBytes;
}

OcspAnswerMemory::Answers::iterator OcspAnswerMemory::remove(Answers::iterator at) {
  bytes_ -= size_of(*at->second);
  return answers_.erase(at);
}

void OcspAnswerMemory::clear() {
  answers_.clear();
  bytes_ = 0;
}

void OcspAnswerMemory::sweep(Moment now) {
  if (swept_at_ != MonoTime{} && now.mono < swept_at_ + kKeptOcspSweep) return;
  swept_at_ = now.mono;
  for (auto at = answers_.begin(); at != answers_.end();) {
    at = now.wall >= at->second->keep_until ? remove(at) : std::next(at);
  }
}

}  // namespace rap::control
