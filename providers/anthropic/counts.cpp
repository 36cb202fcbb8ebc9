#include "providers/anthropic/counts.hpp"

#include <algorithm>

namespace switchyard::providers::anthropic {

void reported_counts::read(std::string_view usage_object) noexcept {
  const auto take = [](std::optional<std::int64_t>& into, std::string_view value) {
    const auto count = json::as_count(value);
    // Compatible servers name the input once and send 0 in the other event.
    if (count && (*count > 0 || !into)) into = count;
  };
  json::members walk(usage_object);
  for (json::member m; walk.next(m);) {
    if (m.name == "input_tokens") take(fresh_, m.value);
    else if (m.name == "cache_read_input_tokens") take(cache_read_, m.value);
    else if (m.name == "cache_creation_input_tokens") take(cache_write_, m.value);
    else if (m.name == "output_tokens") take(output_, m.value);
    else if (m.name == "output_tokens_details") take(thinking_, json::find(m.value, "thinking_tokens"));
  }
}

std::optional<std::int64_t> reported_counts::input() const noexcept {
  if (!fresh_ && !cache_read_ && !cache_write_) return std::nullopt;
  return fresh_.value_or(0) + cache_read_.value_or(0) + cache_write_.value_or(0);
}

neutral::token_counts reported_counts::as_counts() const noexcept {
  neutral::token_counts out;
  out.input = input();
  out.output = output_;
  out.cached_input = cache_read_;
  out.cache_write = cache_write_;
  out.reasoning = thinking_;
  return out;
}

void reported_counts::copy_to(usage& out) const noexcept {
  out.input = input();
  out.output = output_;
  out.cached_input = cache_read_;
  out.cache_write = cache_write_;
}

void write_usage(json::out& out, const neutral::token_counts& counts, std::string_view service_tier) {
  const auto cached = counts.cached_input.value_or(0);
  const auto written = counts.cache_write.value_or(0);
  out.begin_object();
  out.number("input_tokens", std::max<std::int64_t>(0, counts.input.value_or(0) - cached - written));
  out.number("cache_creation_input_tokens", written);
  out.number("cache_read_input_tokens", cached);
  out.number("output_tokens", counts.output.value_or(0));
  if (counts.reasoning) {
    out.key("output_tokens_details");
    out.begin_object();
    out.number("thinking_tokens", *counts.reasoning);
    out.end_object();
  }
  if (json::is_text(service_tier, "priority") || json::is_text(service_tier, "batch") || json::is_text(service_tier, "standard"))
    out.raw("service_tier", service_tier);
  else if (json::is_text(service_tier, "default"))
    out.text("service_tier", "standard");
  out.end_object();
}

}  // namespace switchyard::providers::anthropic
