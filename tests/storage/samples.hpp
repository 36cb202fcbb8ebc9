// Attempts and settlements to fill a ledger with; times are given, ids are counted.
#pragma once

#include "storage/ledger.hpp"

#include <string>

namespace switchyard::storage {

constexpr std::int64_t noon_us = 20'000ll * 86'400'000'000 + 43'200'000'000;   // 2024-10-04T12:00:00Z

inline wall_time at(std::int64_t us) { return wall_time{microseconds(us)}; }

inline attempt_key attempt_number(std::uint32_t number, std::uint8_t attempt = 1) {
  attempt_key key;
  for (int i = 0; i < 4; ++i) key.request.bytes[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  key.attempt = attempt;
  return key;
}

inline attempt_parties parties(std::string model = "gpt-4o") { return {"auto", "openai", std::move(model), "key-1", "team-a", {{"team", "red"}}}; }

inline open_attempt opening(std::uint32_t number, std::uint8_t attempt = 1) {
  return {attempt_number(number, attempt), noon_us, parties(), 120, 5'000'000};
}

inline settlement settled(std::uint32_t number, std::uint8_t attempt = 1) {
  settlement what;
  what.id = attempt_number(number, attempt);
  what.parties = parties();
  what.input_tokens = 100;
  what.output_tokens = 20;
  what.cached_tokens = 10;
  what.cost = 450'000;
  return what;
}

inline void spend_once(ledger& on, std::uint32_t number) {
  (void)on.reserve(opening(number));
  (void)on.settle(settled(number));
}

}  // namespace switchyard::storage
