#include "config/budget_periods.hpp"

namespace switchyard::config {

namespace {

constexpr std::int64_t us_per_hour = 3'600'000'000;
constexpr std::int64_t us_per_day = 24 * us_per_hour;
constexpr std::int64_t days_to_monday = 3;       // 1970-01-01 was a Thursday: the Monday before it begins week 0

}  // namespace

std::int64_t period_number(budget_period period, std::int64_t at_us) noexcept {
  switch (period) {
    case budget_period::hour: return at_us / us_per_hour;
    case budget_period::day: return at_us / us_per_day;
    case budget_period::week: return (at_us / us_per_day + days_to_monday) / 7;
    case budget_period::month: {
      const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(at_us / us_per_day))};
      return (static_cast<int>(date.year()) - 1970) * 12ll + static_cast<unsigned>(date.month()) - 1;
    }
    case budget_period::total: break;
  }
  return 0;
}

std::int64_t period_end_us(budget_period period, std::int64_t number) noexcept {
  switch (period) {
    case budget_period::hour: return (number + 1) * us_per_hour;
    case budget_period::day: return (number + 1) * us_per_day;
    case budget_period::week: return ((number + 1) * 7 - days_to_monday) * us_per_day;
    case budget_period::month: {
      const auto next = number + 1;
      const std::chrono::year_month_day first{std::chrono::year(static_cast<int>(1970 + next / 12)), std::chrono::month(static_cast<unsigned>(next % 12 + 1)),
                                              std::chrono::day(1)};
      return std::chrono::sys_days(first).time_since_epoch().count() * us_per_day;
    }
    case budget_period::total: break;
  }
  return INT64_MAX;
}

std::string_view to_string(budget_period period) noexcept {
  switch (period) {
    case budget_period::hour: return "hour";
    case budget_period::day: return "day";
    case budget_period::week: return "week";
    case budget_period::month: return "month";
    case budget_period::total: return "total";
  }
  return "total";
}

std::string_view to_string(budget_mode mode) noexcept { return mode == budget_mode::soft ? "soft" : "hard"; }

}  // namespace switchyard::config
