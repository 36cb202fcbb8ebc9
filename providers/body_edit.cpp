#include "providers/body_edit.hpp"

#include "providers/json_scan.hpp"

#include <algorithm>

namespace switchyard::providers {

void write_pieces(std::string_view body, std::span<edit> edits, std::vector<std::string_view>& out) {
  std::sort(edits.begin(), edits.end(), [](const edit& a, const edit& b) { return a.where.begin < b.where.begin; });
  std::size_t at = 0;
  const auto add = [&](std::string_view piece) {
    if (!piece.empty()) out.push_back(piece);
  };
  for (const auto& e : edits) {
    add(body.substr(at, e.where.begin - at));
    add(e.with);
    at = e.where.end;
  }
  add(body.substr(at));
}

std::size_t usual_edits(const api_request& request, std::string_view model, std::span<edit> edits, std::vector<std::unique_ptr<std::string>>& storage) {
  std::size_t count = 0;
  if (model != request.model) {
    auto name = std::make_unique<std::string>();
    json::append_string(*name, model);
    edits[count++] = {request.model_value, *name};
    storage.push_back(std::move(name));
  }
  if (!request.fallbacks_member.empty()) edits[count++] = {request.fallbacks_member, {}};
  return count;
}

std::string_view path_prefix(std::string_view base_url) noexcept {
  if (const auto scheme = base_url.find("://"); scheme != std::string_view::npos) base_url.remove_prefix(scheme + 3);
  const auto slash = base_url.find('/');
  std::string_view prefix = slash == std::string_view::npos ? std::string_view{} : base_url.substr(slash);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix;
}

std::string encode_segment(std::string_view name) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

}  // namespace switchyard::providers
