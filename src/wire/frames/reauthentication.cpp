#include "wire/frames/reauthentication.hpp"

namespace rap::wire {

Bytes Reauthentication::encode() const {
  Bytes out;
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(chain.size()));
  for (const Bytes& certificate : chain) {
    w.u16(static_cast<std::uint16_t>(certificate.size()));
    w.raw(certificate);
  }
  w.u16(static_cast<std::uint16_t>(signature.size()));
  w.raw(signature);
  w.u16(static_cast<std::uint16_t>(staple.size()));
  w.raw(staple);
  return out;
}

std::optional<Reauthentication> Reauthentication::decode(ByteView payload) {
  ByteReader r(payload);
  Reauthentication p;
  const std::size_t count = r.u8();
  if (count == 0 || count > kMaxCertificates) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) p.chain.push_back(to_bytes(r.field16()));
  p.signature = to_bytes(r.field16());
  p.staple = to_bytes(r.field16());
  if (!r.finished()) return std::nullopt;
  return p;
}

}  // namespace rap::wire
