#include "snapshot/security_delta.hpp"

#include <nlohmann/json.hpp>

namespace rap::snapshot {
namespace {

using nlohmann::json;

std::optional<EpochChange> epoch_of(const json& item) {
  const auto user = UserId::parse(item.at("user").get<std::string>());
  if (!user) return std::nullopt;
  return EpochChange{*user, item.at("epoch").get<std::uint64_t>(),
                     item.at("seq").get<std::uint64_t>()};
}

std::optional<BlocklistChange> entry_of(const json& item) {
  const auto kind = policy::blocklist_kind_from(item.at("kind").get<std::string>());
  const std::string action = item.at("action");
  if (!kind || (action != kAddAction && action != kRemoveAction)) return std::nullopt;
  BlocklistChange change{*kind, item.at("value"), action == kAddAction, {}, item.at("seq")};
  // One form a key: two forms of one address would be two entries, and a removal miss one of them.
  if (policy::blocklist_value(*kind, change.value) != change.value) return std::nullopt;
  if (const auto expires = item.find("expires_at"); expires != item.end()) {
    change.expires_at = from_unix(expires->get<std::int64_t>());
  }
  return change;
}

template <class T, class Read>
bool read_list(const json& items, std::size_t max, std::vector<T>& into, Read read) {
  if (!items.is_array() || items.size() > max) return false;
  for (const json& item : items) {
    auto one = read(item);
    if (!one) return false;
    into.push_back(std::move(*one));
  }
  return true;
}

// Throws json::exception where a row lacks a member.
std::optional<SecurityChanges> read_lists(const json& epochs, const json& blocklist,
                                          std::size_t max) {
  SecurityChanges changes;
  if (!read_list(epochs, max, changes.epochs, epoch_of) ||
      !read_list(blocklist, max, changes.blocklist, entry_of)) {
    return std::nullopt;
  }
  return changes;
}

template <class T>
json list_of(const std::vector<T>& changes) {
  json out = json::array();
  for (const T& change : changes) out.push_back(to_json(change));
  return out;
}

}  // namespace

json to_json(const EpochChange& c) {
  return {{"user", c.user.str()}, {"epoch", c.epoch}, {"seq", c.seq}};
}

json to_json(const BlocklistChange& c) {
  json item = {{"kind", to_string(c.kind)},
               {"value", c.value},
               {"action", c.listed ? kAddAction : kRemoveAction},
               {"seq", c.seq}};
  if (c.expires_at) item["expires_at"] = to_unix(*c.expires_at);
  return item;
}

json to_json(const SecurityChanges& changes) {
  return {{"epochs", list_of(changes.epochs)}, {"blocklist", list_of(changes.blocklist)}};
}

wire::SecurityRows to_rows(const SecurityChanges& changes) {
  return {wire::JsonValue(list_of(changes.epochs)), wire::JsonValue(list_of(changes.blocklist))};
}

std::optional<SecurityChanges> parse_security_changes(const json& object, std::size_t max) {
  try {
    return read_lists(object.at("epochs"), object.at("blocklist"), max);
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<SecurityChanges> read_rows(const wire::SecurityRows& rows) {
  try {
    return read_lists(rows.epochs.get(), rows.blocklist.get(), wire::kMaxSecurityRows);
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace rap::snapshot
