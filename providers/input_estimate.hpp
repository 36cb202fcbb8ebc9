// How many input tokens a piece of a request will cost, before any provider has counted them.
#pragma once

#include "providers/token_estimate.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <string_view>

namespace switchyard::providers {

inline constexpr std::int64_t tokens_per_attachment = 800;   ///< an image, sound or file, whatever its size

inline constexpr std::int64_t tokens_per_message = 4;        ///< a message's frame and its role
inline constexpr std::int64_t tokens_per_conversation = 3;   ///< what opens the answer

/// `value`: valid JSON, such as the messages array. Text by its family's estimate (token_estimate.hpp), messages (whatever has a "role") their
/// frame, attachments (data: URLs, linked images, inline sound and file data) a fixed figure each; an array of numbers counts as the tokens
/// it spells. Of a text beyond 64 KiB, a quarter is read and stands for the rest.
[[nodiscard]] std::int64_t estimate_input_tokens(std::string_view value, token_family family = token_family::o200k) noexcept;

/// `value`: tools, functions, an output's schema. Their names count as well as their text; punctuation, numbers and literals do not, for
/// providers write schemas in a shorter way of their own. Claude is told how to call tools in tokens_for_claudes_tools more.
[[nodiscard]] std::int64_t estimate_schema_tokens(std::string_view value, token_family family = token_family::o200k) noexcept;
inline constexpr std::int64_t tokens_for_claudes_tools = 340;   ///< 346 by Anthropic's own account of its newer models

/// The estimate of a whole request. Counted when somebody asks, and once: most requests are over before anybody does, for then the provider
/// has said what it counted.
class input_estimate {
 public:
  input_estimate() = default;
  explicit input_estimate(std::int64_t counted) noexcept : counted_(counted) {}
  /// What the views point into must live when tokens() is called first.
  void add_text(std::string_view value, token_family family) { uncounted_.push_back({value, family, false}); }
  void add_schema(std::string_view value, token_family family) { uncounted_.push_back({value, family, true}); }
  [[nodiscard]] std::int64_t tokens() const noexcept;

 private:
  struct part {
    std::string_view value;
    token_family family;
    bool is_schema;
  };
  mutable boost::container::small_vector<part, 3> uncounted_;
  mutable std::int64_t counted_ = 0;
};

}  // namespace switchyard::providers
