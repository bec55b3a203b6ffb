#include "control/people/signing_in/device_proofs.hpp"

#include "control/people/bearer.hpp"
#include "control/people/device.hpp"

namespace rap::control {
namespace {

std::string_view sentence_of(crypto::DeviceProofFault fault) {
  using Fault = crypto::DeviceProofFault;
  switch (fault) {
    case Fault::malformed: return "The proof of this device is malformed.";
    case Fault::bad_signature: return "The proof of this device is not signed with its key.";
    case Fault::other_cluster: return "The proof of this device was made for another platform.";
    case Fault::other_request: return "The proof of this device was made for another request.";
    case Fault::other_bearer: return "The proof of this device was made for another sign-in.";
  }
  return "";
}

}  // namespace

Outcome<std::optional<crypto::DeviceProof>> proof_of(const wire::HttpRequest& request,
                                                     ClusterId cluster) {
  const std::string_view text = request.header(kDeviceProofHeader);
  if (text.empty()) return std::nullopt;
  const std::string target =
      request.query.empty() ? request.path : request.path + "?" + request.query;
  auto proof = crypto::verify_device_proof(
      text, {.cluster = cluster,
             .method = request.method,
             .target = target,
             .bearer = bearer_of(request.header("authorization")).value_or(std::string_view{}),
             .body = request.body});
  if (!proof) {
    return refuse(ProblemCode::device_proof_wrong,
                  std::string(sentence_of(proof.error())) +
                      " Run 'rap login' on it, and update rap if that does not help.");
  }
  return std::move(*proof);
}

Outcome<void> use_everywhere(Transaction& tx, const crypto::DeviceProof& proof, WallTime now,
                             bool alone) {
  if (!proof.nonce.empty()) return {};
  if (tx.devices().use_proof(proof.id, now + kProofShared, alone)) return {};
  return refuse(ProblemCode::device_proof_stale,
                "This proof of the device was used already, at another server.");
}

}  // namespace rap::control
