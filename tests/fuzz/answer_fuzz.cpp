// A provider's complete answer: two bytes of status, one of header length, the header value, the body.
#include "providers/json_document.hpp"
#include "providers/registry.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace switchyard;
using namespace switchyard::providers;

namespace {

constexpr std::string_view credential = "hunter2!";

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 3) return 0;
  const int status = (bytes[0] << 8 | bytes[1]) % 600;
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 3, size - 3);
  const auto value = rest.substr(0, bytes[2]);
  const auto body = rest.substr(value.size());
  const header headers[] = {{"retry-after", value}, {"x-ratelimit-remaining-tokens", value}, {"x-ratelimit-reset-tokens", value},
                            {"retry-after-ms", value}, {"x-ratelimit-limit-tokens", value}};
  const auto& wire = *find_wire(config::wire_format::openai);

  const auto report = read_rate_limit_headers(headers, wall_time{});
  require(report.headroom() >= 0 && report.headroom() <= 1);
  require(report.rest_for() >= milliseconds(0) && report.rest_for() <= std::chrono::hours(1));
  (void)wire.inspect(api::embeddings, body);

  const auto seen = wire.classify(status, headers, body, wall_time{}, credential);
  require(seen.retry_after >= milliseconds(0) && seen.retry_after <= std::chrono::hours(1));
  require(seen.what.message.find(credential) == std::string::npos);
  require(seen.body_for_client.find(credential) == std::string::npos);
  const int shown = http_status(seen.what);
  require(shown >= 400 && shown <= 599);
  for (const std::string& text : {openai_ingress().error_body(seen.what), seen.body_for_client}) {
    json::document document;
    if (!text.empty()) require(document.parse_copy(text));
  }
  return 0;
}
