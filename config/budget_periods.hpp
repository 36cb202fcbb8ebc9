// When a budget's periods begin and end, in UTC: a period has a number, so that counting from nought again needs no subtraction.
#pragma once

#include "config/config.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace switchyard::config {

/// Hours, days, weeks from Monday or months since 1970; total: always 0. `at_us`: microseconds since 1970, not negative.
[[nodiscard]] std::int64_t period_number(budget_period period, std::int64_t at_us) noexcept;
/// The first microsecond after that period; INT64_MAX for total.
[[nodiscard]] std::int64_t period_end_us(budget_period period, std::int64_t number) noexcept;
/// "month"
[[nodiscard]] std::string_view to_string(budget_period period) noexcept;
/// "hard"
[[nodiscard]] std::string_view to_string(budget_mode mode) noexcept;

}  // namespace switchyard::config
