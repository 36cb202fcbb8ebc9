// Anthropic's token counts. Its `input_tokens` leaves out what a cache gave or took; ours includes it.
//
//   usage = {"input_tokens":N,"cache_creation_input_tokens":N?,"cache_read_input_tokens":N?,"output_tokens":N,
//            "output_tokens_details":{"thinking_tokens":N}?,"service_tier":"standard"|"priority"|"batch"?,…}
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"
#include "providers/wire.hpp"

#include <string_view>

namespace switchyard::providers::anthropic {

/// The figures of one answer as they come in: message_start has some, each message_delta replaces what it names.
class reported_counts {
 public:
  void read(std::string_view usage_object) noexcept;
  [[nodiscard]] std::optional<std::int64_t> input() const noexcept;   ///< all of it, cached or not
  [[nodiscard]] neutral::token_counts as_counts() const noexcept;
  void copy_to(usage& out) const noexcept;

 private:
  std::optional<std::int64_t> fresh_, cache_read_, cache_write_, output_, thinking_;
};

/// {"input_tokens":…}: figures nobody gave are 0, where the format demands them.
void write_usage(json::out& out, const neutral::token_counts& counts, std::string_view service_tier = {});

}  // namespace switchyard::providers::anthropic
