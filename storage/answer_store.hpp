// What the semantic cache keeps over a restart: one value per answer, in a store of its own (DATA_DIR/cache).
//
//   default   "format"             the text "1"; another one: everything is dropped
//             'a' exact (16)       u32 size of the record (big-endian), record 1, body
//   record    partition (16), prompt | "", flags, dimensions, vector (that many bytes), scale (f32 bits), embedding, route, tenant, [tag, ...],
//             provider, model, key, content_type, created_us, expires_us, input, output, cost, crc32c of the body
//   flags     1 has a prompt, 2 the body is a stream
#pragma once

#include "base/money.hpp"
#include "base/result.hpp"
#include "storage/store.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::storage {

using answer_hash = std::array<std::uint8_t, 16>;

struct stored_answer {
  answer_hash exact{}, partition{};
  std::optional<std::string> prompt;             ///< at most 16 KiB
  std::vector<std::int8_t> vector;
  float scale = 0;
  std::uint64_t embedding = 0;                   ///< fingerprint of what made the vector
  std::string route, tenant;
  std::vector<std::string> tags;
  std::string provider, model, key;
  std::string content_type;
  bool stream = false;
  std::string body;
  std::int64_t created_us = 0, expires_us = 0;   ///< wall clock, since 1970
  std::int64_t input_tokens = 0, output_tokens = 0;
  nano_usd cost = 0;
};

[[nodiscard]] std::string encode(const stored_answer& answer);
/// An error says what is wrong with the bytes.
[[nodiscard]] result<stored_answer> decode_answer(std::string_view key, std::string_view value);
[[nodiscard]] std::string answer_key(const answer_hash& exact);

/// Every answer that can be read, oldest key first; those that cannot, and those of another format, are erased and counted.
struct answers_read {
  std::uint64_t read = 0, dropped = 0;
};
[[nodiscard]] result<answers_read> read_answers(store& from, const std::function<void(stored_answer)>& each);

}  // namespace switchyard::storage
