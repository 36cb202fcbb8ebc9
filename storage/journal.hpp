// Logs of numbered records in the table `cluster` (FORMAT.md): appended in order, replayed in order, cut down to what replaces them.
#pragma once

#include "storage/store.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace switchyard::storage {

/// A log's name holds no zero byte.
void append_record(write_batch& batch, std::string_view log, std::uint64_t number, std::string_view bytes);
/// Everything of that log below `number` goes.
void drop_records(write_batch& batch, std::string_view log, std::uint64_t number);
/// Oldest first.
[[nodiscard]] outcome replay_records(const reader& from, std::string_view log, const std::function<void(std::uint64_t number, std::string_view bytes)>& visit);
/// 0: none.
[[nodiscard]] result<std::uint64_t> last_record(const reader& from, std::string_view log);

}  // namespace switchyard::storage
