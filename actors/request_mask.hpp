// Personal data on its way out and back: the provider sees placeholders, the client its own text (providers/placeholders.hpp).
#pragma once

#include "providers/api_request.hpp"
#include "providers/placeholders.hpp"
#include "routing/signals/signal_models.hpp"

#include <cstdint>
#include <string>

namespace switchyard::actors {

/// One per request whose guard masks. Lives until the answer is sent.
class request_mask {
 public:
  /// Looks at every text of the request in full, however long, those of tools' schemas and of metadata too, and writes the body anew with placeholders in place of what it found. False:
  /// there was nothing to mask. `kinds`: a bit per pii_kind. All else of the body stays byte for byte.
  [[nodiscard]] bool write(const routing::signal_models& models, const providers::api_request& request, std::uint32_t kinds);

  /// The new body; 64 bytes behind its end may be read, as parsers do.
  [[nodiscard]] std::string_view body() const noexcept { return body_; }
  [[nodiscard]] const providers::placeholder_book& book() const noexcept { return book_; }

 private:
  std::string body_;
  providers::placeholder_book book_;
};

}  // namespace switchyard::actors
