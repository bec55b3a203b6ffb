#include "client/core/device_key.hpp"

#include <nlohmann/json.hpp>

#include "base/try.hpp"
#include "crypto/tokens/device_proof.hpp"
#include "crypto/x509/ca.hpp"
#include "crypto/x509/certificate.hpp"
#include "wire/problem_code.hpp"

namespace rap::client {
namespace {

constexpr std::string_view kHeader = "device-proof";
constexpr std::string_view kScheme = "Bearer ";

std::optional<ClusterId> cluster_of(const std::string& roots_pem) {
  const auto roots = crypto::Certificate::chain_from_pem(roots_pem);
  return roots ? crypto::cluster_of_roots(*roots) : std::nullopt;
}

Fallible<std::shared_ptr<const DeviceKey>> read_key(Home& home, const std::string& pem,
                                                    ClusterId cluster) {
  auto key = crypto::PrivateKey::from_pem(pem);
  if (!key || key->type() != crypto::KeyType::ed25519) {
    return fail(ExitCode::failed, home.path(kDeviceKeyFile) +
                                      " is damaged. Remove it and sign in again with 'rap login'; "
                                      "this is a new device to the platform then.");
  }
  return std::make_shared<const DeviceKey>(std::move(*key), cluster);
}

}  // namespace

DeviceId DeviceKey::id() const { return crypto::device_id_of(key.public_key()); }

Fallible<std::shared_ptr<const DeviceKey>> load_device_key(Home& home,
                                                           const std::string& roots_pem) {
  const auto pem = RAP_TRY(home.read(kDeviceKeyFile));
  const auto cluster = cluster_of(roots_pem);
  if (!pem || !cluster) return nullptr;
  return read_key(home, *pem, *cluster);
}

Fallible<std::shared_ptr<const DeviceKey>> load_or_make_device_key(Home& home,
                                                                   const std::string& roots_pem) {
  auto found = RAP_TRY(load_device_key(home, roots_pem));
  const auto cluster = cluster_of(roots_pem);
  if (found || !cluster) return found;
  const auto made = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
  const auto pem = RAP_TRY(home.create(kDeviceKeyFile, made.pem()));
  return read_key(home, pem, *cluster);
}

wire::HttpRequest prove(wire::HttpRequest request, const DeviceKey& device, TokenId id,
                        WallTime now, std::string_view nonce) {
  std::erase_if(request.headers, [](const auto& header) { return header.first == kHeader; });
  const std::string target =
      request.query.empty() ? request.path : request.path + "?" + request.query;
  std::string_view bearer = request.header("authorization");
  if (bearer.starts_with(kScheme)) bearer.remove_prefix(kScheme.size());
  auto proof = crypto::make_device_proof(device.key,
                                         {.cluster = device.cluster,
                                          .method = request.method,
                                          .target = target,
                                          .bearer = bearer,
                                          .body = request.body},
                                         id, now, nonce);
  request.headers.emplace_back(kHeader, std::move(proof));
  return request;
}

std::optional<std::string> nonce_in(const wire::HttpResponse& response) {
  static constexpr int kUnauthorized = 401;
  if (response.status != kUnauthorized) return std::nullopt;
  const auto body = nlohmann::json::parse(response.body, nullptr, false);
  if (!body.is_object() ||
      body.value("code", nlohmann::json()) != to_string(wire::ProblemCode::device_proof_stale)) {
    return std::nullopt;
  }
  const auto nonce = body.find("nonce");
  if (nonce == body.end() || !nonce->is_string()) return std::nullopt;
  auto text = nonce->get<std::string>();
  if (text.empty() || text.size() > crypto::kMaxDeviceNonceBytes) return std::nullopt;
  return text;
}

}  // namespace rap::client
