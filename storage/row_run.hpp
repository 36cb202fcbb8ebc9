// Runs of ledger rows: as a node has its newest at hand, and as they travel to a second disk and stand there.
//
//   run     = [length (u32), row]...                        numbers big-endian
//   packed  = bytes of the run (u32), the run as one LZ4 block
// Neighbours differ in ids, amounts and hashes only: packed, a row takes a third of its bytes on every one of its ways.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::storage {

/// The longest run that is unpacked.
inline constexpr std::size_t longest_run = 4u << 20;

void append_to_run(std::string& run, std::string_view row);
/// Until `visit` says no. False: the bytes are no run of rows.
[[nodiscard]] bool each_of_run(std::string_view run, const std::function<bool(std::uint64_t index, std::string_view row)>& visit);

[[nodiscard]] std::string pack_run(std::string_view run);
[[nodiscard]] result<std::string> unpack_run(std::string_view packed);

/// A ledger's newest rows as one run, so that they need not be read back. Not thread-safe.
class recent_rows {
 public:
  /// At most so many bytes, the newest; 0, as at first: none.
  void keep(std::size_t most_bytes);
  void add(std::uint64_t seq, std::string_view row);

  void forget_before(std::uint64_t seq);

  struct part {
    std::size_t rows = 0;
    std::string_view run;                        ///< dies with the next call
  };
  /// Rows `first` and later ones, at most so many and so many bytes (but one always); nullopt: `first` is not here. Those before it are let go.
  [[nodiscard]] std::optional<part> from(std::uint64_t first, std::size_t most_rows, std::size_t most_bytes);

 private:
  [[nodiscard]] std::size_t rows() const noexcept { return ends_.size() - gone_; }
  /// Of the first row, in run_.
  [[nodiscard]] std::size_t begin() const noexcept { return gone_ > 0 ? ends_[gone_ - 1] : 0; }
  void let_go(std::size_t rows);

  std::size_t most_bytes_ = 0;
  std::string run_;
  std::vector<std::uint32_t> ends_;              ///< of each row in run_
  std::size_t gone_ = 0;                         ///< so many of them are let go; they lie there until much of run_ does
  std::uint64_t first_ = 0;                      ///< after those
};

}  // namespace switchyard::storage
