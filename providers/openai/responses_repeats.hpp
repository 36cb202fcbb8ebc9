// Which members of a responses stream's long events say again what was streamed before, and so need not be held.
//
//   response.output_text.done {"text"}, .content_part.done {"part"}, .output_item.done {"item":{"content"}}, .completed {"response":{"output"}}
#pragma once

#include "providers/event_digest.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::providers::responses {

/// Asks about the members that may repeat something, once it is known which event and which item it is. An event whose type or place
/// comes after its text is held as it is.
class repeating_events : public digest_rule {
 public:
  void next_event() override { read_ = false; }
  [[nodiscard]] bool is_idle(std::string_view name, std::string_view before) override;

 protected:
  struct event_place {
    std::string type;                    ///< without "response."; empty: it is none of these
    std::optional<std::int64_t> output_index, content_index;
  };
  /// Does `name` of the event say nothing new?
  [[nodiscard]] virtual bool only_repeats(const event_place& where, std::string_view name) const = 0;

 private:
  event_place where_;
  bool read_ = false;                    // where_ is this event's
};

/// For who only wants to know of the end, errors, pictures and what it cost.
class repeated_texts final : public repeating_events {
 private:
  [[nodiscard]] bool only_repeats(const event_place& where, std::string_view name) const override;
};

}  // namespace switchyard::providers::responses
