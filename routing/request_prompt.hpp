// A request's texts as the signals want them: turns of plain text, bounded whatever the client sends.
//
// A text above 32 KiB counts by its first and last 16 KiB, and all texts together by the newest 512 KiB: signals sample long text anyway
// (routing/signals/prompt.hpp), and unescaping megabytes would cost every request milliseconds. Masking reads everything (actors/request_mask.hpp).
#pragma once

#include "base/clock.hpp"
#include "providers/api_request.hpp"
#include "providers/request_text.hpp"
#include "routing/signals/understanding.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// One per request that somebody wants to understand. The request's body outlives it.
class request_prompt {
 public:
  explicit request_prompt(const providers::api_request& request);
  request_prompt(const request_prompt&) = delete;
  request_prompt& operator=(const request_prompt&) = delete;

  /// Views into this and the body.
  [[nodiscard]] const prompt& asked() const noexcept { return asked_; }
  /// Is every text there in full, those that only masking looks at (providers::text_reach) included?
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }
  /// The client's name for its user; "" none.
  [[nodiscard]] std::string_view user() const noexcept { return user_; }

 private:
  [[nodiscard]] std::string_view plain(std::string_view json_string, std::size_t& left);

  std::vector<turn> turns_;
  std::deque<std::string> texts_;                ///< what had to be unescaped or joined
  bool whole_ = true;
  std::string_view user_;
  prompt asked_;
};

/// A request and what its route's stages find out about it. Lives as long as the request's decision.
struct understood_request {
  understood_request(std::shared_ptr<const signal_models> models_to_use, const providers::api_request& request)
      : models(std::move(models_to_use)), prompt(request), known(*models, prompt.asked(), &steady_now) {}

  std::shared_ptr<const signal_models> models;
  request_prompt prompt;
  understanding known;
};

}  // namespace switchyard::routing
