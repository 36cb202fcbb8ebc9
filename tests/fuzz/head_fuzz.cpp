// What stands in heads: rate limits, retry-after, paths, fields that name a redirect, and texts with credentials to mask.
// Byte 0: which; then a length byte and the first text; the rest is the second text.
#include "providers/endpoints.hpp"
#include "providers/mask.hpp"
#include "providers/redirect_fields.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace switchyard;
using namespace switchyard::providers;
using namespace switchyard::fuzz;

namespace {

void read_limits(std::string_view name, std::string_view value) {
  const wall_time now{std::chrono::seconds(1'790'000'000)};
  for (const auto* suffix : {"", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "x-ratelimit-limit-tokens", "x-ratelimit-reset",
                             "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-requests-remaining", "retry-after", "retry-after-ms"}) {
    const header headers[] = {{*suffix == 0 ? name : std::string_view(suffix), value}, {"x-ratelimit-remaining-requests", "0"}, {name, value}};
    const auto report = read_rate_limit_headers(headers, now);
    require(report.headroom() >= 0 && report.headroom() <= 1);
    require(report.rest_for() >= milliseconds(0) && report.rest_for() <= std::chrono::hours(1));
    const auto wait = read_retry_after(headers, now);
    require(wait >= milliseconds(0) && wait <= std::chrono::hours(1));
  }
  const auto reset = parse_reset_duration(value);
  require(reset >= milliseconds(0) && reset <= std::chrono::hours(1));
}

void read_path(std::string_view path, std::string_view query) {
  for (const bool anthropic : {false, true}) {
    const auto found = find_endpoint(path, query, anthropic);
    require(!found || (found->format != nullptr && !found->method.empty()));
    (void)format_of_path(path, anthropic);
  }
  require(percent_decoded(path).size() <= path.size());
  const header fields[] = {{path, query}};
  if (const auto refused = refuse_redirect(fields, query)) require(http_status(*refused) == 400 && !refused->param.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  choices input(bytes, size);
  const auto which = input.byte() % 3;
  const auto first = input.text();
  const auto second = input.rest();
  if (which == 0) {
    read_limits(first, second);
  } else if (which == 1) {
    read_path(first, second);
  } else {
    const auto shown = mask_credentials(second, first);
    if (first.size() >= 8 && first.find('*') == std::string_view::npos) require(shown.find(first) == std::string::npos);
    if (is_json(second) && !is_json(first)) require(is_json(mask_credentials(second, credential)));
  }
  return 0;
}
