#include "providers/wire.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace switchyard;
using namespace switchyard::providers;
using headers = std::vector<header>;

BOOST_TEST_DONT_PRINT_LOG_VALUE(switchyard::milliseconds)

BOOST_AUTO_TEST_SUITE(rate_limit_headers)

namespace {
const wall_time new_year = std::chrono::sys_days(std::chrono::year(2025) / 1 / 1);
rate_limit_report read(const headers& given) { return read_rate_limit_headers(given, new_year); }
}  // namespace

BOOST_AUTO_TEST_CASE(durations_are_read_in_every_spelling) {
  BOOST_TEST(parse_reset_duration("7") == milliseconds(7000));
  BOOST_TEST(parse_reset_duration("1.5") == milliseconds(1500));
  BOOST_TEST(parse_reset_duration("1.5s") == milliseconds(1500));
  BOOST_TEST(parse_reset_duration("6m0s") == milliseconds(360'000));
  BOOST_TEST(parse_reset_duration("250ms") == milliseconds(250));
  BOOST_TEST(parse_reset_duration("2m59.56s") == milliseconds(179'560));
  BOOST_TEST(parse_reset_duration(" 17us ") == milliseconds(1));
  BOOST_TEST(parse_reset_duration("24h0m0s") == milliseconds(3'600'000));
  BOOST_TEST(parse_reset_duration("99999999") == milliseconds(3'600'000));
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_zero) {
  for (const std::string_view text : {"", "s", "-1", "soon", "1x", "1s2", "nan", "inf", "1741305600000", "2025-01-01T00:00:00Z",
                                      "Sun, 06 Nov 1994 08:49:37 GMT", "1e3"})
    BOOST_TEST(parse_reset_duration(text) == milliseconds(0), text);
}

BOOST_AUTO_TEST_CASE(retry_after_is_milliseconds_then_seconds_then_a_date) {
  const wall_time now{std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + std::chrono::hours(8) + std::chrono::minutes(49)};
  BOOST_TEST(read_retry_after(headers{{"Retry-After", "7"}, {"retry-after-ms", "1200"}}, now) == milliseconds(1200));
  BOOST_TEST(read_retry_after(headers{{"Retry-After", "7"}}, now) == milliseconds(7000));
  BOOST_TEST(read_retry_after(headers{{"retry-after", "0.5"}}, now) == milliseconds(500));
  BOOST_TEST(read_retry_after(headers{{"retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"}}, now) == milliseconds(37'000));
  BOOST_TEST(read_retry_after(headers{{"retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"}}, now) == milliseconds(0));
  BOOST_TEST(read_retry_after(headers{{"retry-after", "86400"}}, now) == milliseconds(3'600'000));
  BOOST_TEST(read_retry_after(headers{}, now) == milliseconds(0));
  for (const std::string_view text : {"soon", "-3", "Sun, 99 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"})
    BOOST_TEST(read_retry_after(headers{{"retry-after", text}}, now) == milliseconds(0), text);
}

BOOST_AUTO_TEST_CASE(openais_headers_are_read) {
  const auto report = read(headers{{"x-ratelimit-limit-requests", "500"},
                                                      {"X-RateLimit-Remaining-Requests", "499"},
                                                      {"x-ratelimit-reset-requests", "120ms"},
                                                      {"x-ratelimit-limit-tokens", "30000"},
                                                      {"x-ratelimit-remaining-tokens", "3000"},
                                                      {"x-ratelimit-reset-tokens", "6m0s"}});
  BOOST_TEST(*report.requests_limit == 500);
  BOOST_TEST(*report.requests_remaining == 499);
  BOOST_TEST(report.requests_reset == milliseconds(120));
  BOOST_TEST(*report.tokens_remaining == 3000);
  BOOST_TEST(report.headroom() == 0.1);
  BOOST_TEST(report.rest_for() == milliseconds(0));
}

BOOST_AUTO_TEST_CASE(nothing_left_means_rest_until_the_reset) {
  const auto report = read(
      headers{{"x-ratelimit-remaining-requests", "0"}, {"x-ratelimit-reset-requests", "2s"}, {"x-ratelimit-remaining-tokens", "5"}});
  BOOST_TEST(report.headroom() == 0.0);
  BOOST_TEST(report.rest_for() == milliseconds(2000));
  const auto unsaid = read(headers{{"x-ratelimit-remaining-tokens", "0"}});
  BOOST_TEST(unsaid.rest_for() == milliseconds(1000));
}

BOOST_AUTO_TEST_CASE(other_spellings_mean_the_same) {
  const auto anthropic = read(headers{{"anthropic-ratelimit-requests-limit", "50"},
                                                         {"anthropic-ratelimit-requests-remaining", "25"},
                                                         {"anthropic-ratelimit-requests-reset", "2025-01-01T00:00:00Z"},
                                                         {"anthropic-ratelimit-tokens-limit", "1000"},
                                                         {"anthropic-ratelimit-tokens-remaining", "900"}});
  BOOST_TEST(anthropic.headroom() == 0.5);
  const auto openrouter = read(headers{{"X-RateLimit-Limit", "20"}, {"X-RateLimit-Remaining", "0"},
                                                          {"X-RateLimit-Reset", "1741305600000"}});
  BOOST_TEST(*openrouter.requests_limit == 20);
  BOOST_TEST(openrouter.rest_for() == milliseconds(1000));
  const auto cerebras = read(headers{{"x-ratelimit-limit-requests-day", "14400"},
                                                        {"x-ratelimit-remaining-requests-day", "14000"},
                                                        {"x-ratelimit-limit-requests-minute", "30"},
                                                        {"x-ratelimit-remaining-requests-minute", "3"}});
  BOOST_TEST(*cerebras.requests_limit == 30);
  BOOST_TEST(cerebras.headroom() == 0.1);
  const auto mistral = read(headers{{"x-ratelimit-limit-req-minute", "60"}, {"x-ratelimit-remaining-req-minute", "30"}});
  BOOST_TEST(mistral.headroom() == 0.5);
}

BOOST_AUTO_TEST_CASE(a_reset_given_as_a_time_stamp_counts_from_now) {
  const auto rest = [](std::string_view stamp) {
    return read(headers{{"anthropic-ratelimit-requests-remaining", "0"}, {"anthropic-ratelimit-requests-reset", stamp}}).rest_for();
  };
  BOOST_TEST(rest("2025-01-01T00:00:07Z") == milliseconds(7000));
  BOOST_TEST(rest("2025-01-01T00:00:07.25Z") == milliseconds(7250));
  BOOST_TEST(rest("2025-01-01T01:00:30+01:00") == milliseconds(30'000));
  BOOST_TEST(rest("2024-12-31T19:01:00.5-05:00") == milliseconds(60'500));
  BOOST_TEST(rest("2025-06-01T00:00:00Z") == milliseconds(3'600'000));
  // Past or unreadable: something is used up and nothing says until when.
  for (const std::string_view text : {"2024-12-31T23:59:59Z", "2025-13-01T00:00:00Z", "2025-01-01T00:00:07", "2025-01-01T00:00:07.Z",
                                      "2025-01-01T25:00:07Z", "2025-01-01T00:00:07+1", "2025-02-30T00:00:00Z"})
    BOOST_TEST(rest(text) == milliseconds(1000), text);
}

BOOST_AUTO_TEST_CASE(of_anthropics_token_windows_the_tightest_counts) {
  const auto report = read(headers{{"anthropic-ratelimit-input-tokens-limit", "1000"}, {"anthropic-ratelimit-input-tokens-remaining", "900"},
                                   {"anthropic-ratelimit-output-tokens-limit", "200"}, {"anthropic-ratelimit-output-tokens-remaining", "0"},
                                   {"anthropic-ratelimit-output-tokens-reset", "2025-01-01T00:00:03Z"}});
  BOOST_TEST(*report.tokens_limit == 200);
  BOOST_TEST(report.rest_for() == milliseconds(3000));
}

BOOST_AUTO_TEST_CASE(a_date_beyond_the_clocks_end_is_far_away_and_not_an_overflow) {
  const wall_time now{std::chrono::seconds(1'790'000'000)};
  const header dates[] = {{"retry-after", "Sun, 06 Nov 9194 08:49:37 GMT"}};
  BOOST_TEST((read_retry_after(dates, now) == std::chrono::hours(1)));
  const header stamps[] = {{"anthropic-ratelimit-tokens-remaining", "0"}, {"anthropic-ratelimit-tokens-reset", "9999-12-31T23:59:59Z"}};
  BOOST_TEST((read_rate_limit_headers(stamps, now).rest_for() == std::chrono::hours(1)));
  const header past[] = {{"retry-after", "Sun, 06 Nov 0001 08:49:37 GMT"}};
  BOOST_TEST((read_retry_after(past, now) == milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(nonsense_is_as_if_nothing_was_said) {
  const auto report = read(headers{{"x-ratelimit-limit-requests", "many"}, {"x-ratelimit-remaining-tokens", ""},
                                                      {"x-ratelimit-limit-requests-fortnight", "1"}, {"x-ratelimit-", "7"}});
  BOOST_TEST(!report.requests_limit);
  BOOST_TEST(!report.tokens_remaining);
  BOOST_TEST(report.headroom() == 1.0);
  BOOST_TEST(read({}).headroom() == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
