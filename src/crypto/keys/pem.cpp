#include "crypto/keys/pem.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace rap::crypto {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kLine = 64;

// Reads the block that starts at text[0] and moves `text` behind it.
std::optional<PemBlock> take_block(std::string_view& text) {
  text.remove_prefix(kBegin.size());
  const std::size_t label_end = text.find(kDashes);
  if (label_end == std::string_view::npos) return std::nullopt;
  PemBlock block;
  block.label = text.substr(0, label_end);
  text.remove_prefix(label_end + kDashes.size());

  const std::size_t body_end = text.find(kEnd);
  if (body_end == std::string_view::npos) return std::nullopt;
  std::string body(text.substr(0, body_end));
  std::erase_if(body, [](char c) { return kWhiteSpace.find(c) != std::string_view::npos; });
  text.remove_prefix(body_end + kEnd.size());
  if (!text.starts_with(block.label)) return std::nullopt;
  text.remove_prefix(block.label.size());
  if (!text.starts_with(kDashes)) return std::nullopt;
  text.remove_prefix(kDashes.size());

  auto der = from_base64(body);
  if (!der || der->empty()) return std::nullopt;
  block.der = std::move(*der);
  return block;
}

}  // namespace

std::string encode_pem(std::string_view label, ByteView der) {
  std::string out(kBegin);
  out.append(label).append(kDashes).append("\n");
  const std::string body = to_base64(der);
  for (std::size_t i = 0; i < body.size(); i += kLine) {
    out.append(body, i, kLine).append("\n");
  }
  return out.append(kEnd).append(label).append(kDashes).append("\n");
}

std::optional<std::vector<PemBlock>> parse_pem(std::string_view text) {
  if (text.size() > kMaxPemBytes) return std::nullopt;
  std::vector<PemBlock> blocks;
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    auto block = take_block(text);
    if (!block) return std::nullopt;
    blocks.push_back(std::move(*block));
  }
  if (blocks.empty()) return std::nullopt;
  return blocks;
}

std::optional<Bytes> parse_single_pem(std::string_view text, std::string_view label) {
  if (text.size() > kMaxPemBytes) return std::nullopt;
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  if (!text.starts_with(kBegin)) return std::nullopt;
  auto block = take_block(text);
  if (!block || block->label != label) return std::nullopt;
  if (text.find_first_not_of(kWhiteSpace) != std::string_view::npos) return std::nullopt;
  return std::move(block->der);
}

}  // namespace rap::crypto
