// Of a conversation that goes to OpenAI as it came: the reasoning items that another provider's answer left in it, with their proof in
// `encrypted_content` under one of our marks. OpenAI could not read it and refuses the request, so the items are cut out.
#include "providers/openai/responses.hpp"

#include <cstring>

namespace switchyard::providers::responses {

namespace {

[[nodiscard]] bool is_marked(std::string_view item) noexcept {
  const auto sealed = json::inside(json::find(item, "encrypted_content"));
  for (const auto mark : {signature_mark, redacted_mark, call_mark})
    if (sealed.starts_with(mark)) return json::is_text(json::find(item, "type"), "reasoning");
  return false;
}

}  // namespace

std::vector<byte_range> marked_items(std::string_view body) {
  constexpr std::string_view any_mark = "\"switchyard.";
  std::vector<byte_range> out;
  if (::memmem(body.data(), body.size(), any_mark.data(), any_mark.size()) == nullptr) return out;
  const auto place_of = [&](std::string_view item) {
    const auto begin = static_cast<std::size_t>(item.data() - body.data());
    return byte_range{begin, begin + item.size()};
  };
  json::elements walk(json::find(body, "input"));
  std::size_t kept_end = 0;       // of the last item that stays; 0: none yet
  byte_range run;                 // marked items in a row
  for (std::string_view item; walk.next(item);) {
    const auto place = place_of(item);
    if (is_marked(item)) {
      if (run.empty()) run.begin = place.begin;
      run.end = place.end;
      continue;
    }
    if (!run.empty()) out.push_back({run.begin, place.begin}), run = {};   // with the comma behind them
    kept_end = place.end;
  }
  if (!run.empty()) out.push_back({kept_end != 0 ? kept_end : run.begin, run.end});
  return out;
}

}  // namespace switchyard::providers::responses
