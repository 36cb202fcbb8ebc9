#include "config/shared_sections.hpp"

#include "base/sha256.hpp"
#include "config/document.hpp"
#include "config/reading.hpp"
#include "config/schema.hpp"
#include "config/validate.hpp"

#include <algorithm>
#include <memory>

namespace switchyard::config {

namespace {

constexpr std::string_view local_sections[] = {"node", "server", "admin", "cluster"};

node_ptr without_local_sections(const node& root) {
  auto kept = std::make_shared<node>(root);
  std::erase_if(kept->entries, [](const map_entry& entry) { return is_local_section(entry.key); });
  return kept;
}

void append_text(std::string& out, std::string_view text) { out.append(std::to_string(text.size())).append(":").append(text); }

// Sizes before texts and letters before values: two trees that differ never give the same bytes.
void append_value(std::string& out, const node& value) {
  out += static_cast<char>('a' + static_cast<int>(value.kind));
  append_text(out, value.text);
  out.append(std::to_string(value.items.size())).append("[");
  for (const auto& item : value.items) append_value(out, *item);
  out.append(std::to_string(value.entries.size())).append("{");
  for (const auto& entry : value.entries) {
    append_text(out, entry.key);
    append_value(out, *entry.value);
  }
}

}  // namespace

bool is_local_section(std::string_view name) noexcept {
  return std::find(std::begin(local_sections), std::end(local_sections), name) != std::end(local_sections);
}

load_result load_shared(std::string_view text, const std::string& file, const environment& env, const config& local) {
  const auto tree = parse_document(text);
  if (tree.fault) return {std::nullopt, {{file, tree.fault->at, "", tree.fault->message}}};
  reading run(file, env);
  auto parsed = with_local_sections({}, local);
  whole_file().read(*without_local_sections(*tree.root), parsed, run);
  complete(parsed, run);
  validate(parsed, run);
  auto problems = run.take_problems();
  if (!problems.empty()) return {std::nullopt, std::move(problems)};
  return {std::move(parsed), {}};
}

config with_local_sections(config into, const config& local) {
  into.node = local.node;
  into.server = local.server;
  into.admin = local.admin;
  into.cluster = local.cluster;
  return into;
}

std::string shared_fingerprint(std::string_view text) {
  const auto tree = parse_document(text);
  if (tree.fault) return {};
  auto kept = std::make_shared<node>(*without_local_sections(*tree.root));
  // Sections may stand in any order, and one with nothing in it is as good as none.
  std::erase_if(kept->entries, [](const map_entry& entry) { return entry.value->kind == value_kind::null; });
  std::stable_sort(kept->entries.begin(), kept->entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  kept->kind = value_kind::map;
  std::string bytes;
  append_value(bytes, *kept);
  const auto digest = sha256(bytes);
  return {digest.begin(), digest.end()};
}

std::vector<std::string> local_sections_of(std::string_view text) {
  std::vector<std::string> found;
  const auto tree = parse_document(text);
  if (tree.fault) return found;
  for (const auto& entry : tree.root->entries)
    if (is_local_section(entry.key) && entry.value->kind != value_kind::null) found.push_back(entry.key);
  return found;
}

}  // namespace switchyard::config
