// What a Claude model accepts, told from its name: which settings must be left out, how it is asked to think, how much it can write.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::providers::anthropic {

/// "claude-opus-4-8", "claude-3-7-sonnet-20250219", "anthropic/claude-sonnet-4.5"; a Claude without a number counts as the newest,
/// any other name as a model that takes what Claude 4 took.
class model_facts {
 public:
  explicit model_facts(std::string_view name) noexcept;

  [[nodiscard]] bool thinks() const noexcept { return generation_ >= 307; }
  /// {"type":"adaptive"} with an effort instead of a budget of tokens.
  [[nodiscard]] bool thinks_adaptively() const noexcept { return generation_ >= 406; }
  [[nodiscard]] bool knows_xhigh() const noexcept { return generation_ >= 407; }
  /// Later models refuse temperature, top_p and top_k.
  [[nodiscard]] bool takes_sampling() const noexcept { return generation_ < 407; }
  /// Since 4.1 only one of temperature and top_p may be given.
  [[nodiscard]] bool takes_both_samplings() const noexcept { return generation_ < 401 || !claude_; }
  /// output_config.format and strict tools.
  [[nodiscard]] bool takes_schemas() const noexcept { return generation_ >= 401; }
  /// For requests that set no limit, in a format that has to: what every model of that age can write.
  [[nodiscard]] std::int64_t default_max_tokens() const noexcept;

 private:
  int generation_ = 400;   ///< 100 * major + minor
  bool claude_ = false;
};

}  // namespace switchyard::providers::anthropic
