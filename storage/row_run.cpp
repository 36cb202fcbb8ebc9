#include "storage/row_run.hpp"

#include "storage/big_endian.hpp"
#include "storage/store.hpp"

#include <lz4.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace switchyard::storage {

namespace {

constexpr std::size_t length_bytes = sizeof(std::uint32_t);
constexpr int acceleration = 2;                    // a quarter less time than 1 for the same bytes
constexpr std::size_t most_kept_room = 1200u << 10;
constexpr std::size_t worth_moving = 512u << 10;   // bytes that are let go before the rest moves to the front

/// Bytes that nobody set.
class room_to_pack {
 public:
  [[nodiscard]] char* of(std::size_t bytes) {
    if (bytes > size_) bytes_ = std::make_unique_for_overwrite<char[]>(size_ = bytes);
    return bytes_.get();
  }
  void shrink() noexcept {
    if (size_ <= most_kept_room) return;
    bytes_.reset();
    size_ = 0;
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace

void append_to_run(std::string& run, std::string_view row) {
  append_big_endian(run, static_cast<std::uint32_t>(row.size()));
  run += row;
}

bool each_of_run(std::string_view run, const std::function<bool(std::uint64_t index, std::string_view row)>& visit) {
  for (std::uint64_t index = 0; !run.empty(); ++index) {
    if (run.size() < length_bytes) return false;
    const std::size_t length = read_big_endian<std::uint32_t>(run);
    run.remove_prefix(length_bytes);
    if (length > run.size()) return false;
    if (!visit(index, run.substr(0, length))) return true;
    run.remove_prefix(length);
  }
  return true;
}

std::string pack_run(std::string_view run) {
  const auto size = static_cast<int>(run.size());
  // Half the run is room enough for rows; all that it might take would be three times as much memory to touch. The room is kept: new pages cost
  // a quarter of the packing.
  thread_local room_to_pack kept;
  const auto most = LZ4_compressBound(size);
  for (auto room = std::min(size / 2 + 64, most);; room = most) {
    auto* const at = kept.of(static_cast<std::size_t>(room));
    const auto made = LZ4_compress_fast(run.data(), at, size, room, acceleration);
    if (made == 0 && room < most) continue;
    std::string packed;
    packed.reserve(length_bytes + static_cast<std::size_t>(made));
    append_big_endian(packed, static_cast<std::uint32_t>(run.size()));
    packed.append(at, static_cast<std::size_t>(made));
    kept.shrink();
    return packed;
  }
}

result<std::string> unpack_run(std::string_view packed) {
  const auto damaged = [] { return storage_error("a packed run of ledger rows is damaged"); };
  if (packed.size() < length_bytes) return damaged();
  const std::size_t size = read_big_endian<std::uint32_t>(packed);
  if (size > longest_run || packed.size() > 2 * longest_run) return damaged();
  packed.remove_prefix(length_bytes);
  std::string run(size, '\0');
  if (LZ4_decompress_safe(packed.data(), run.data(), static_cast<int>(packed.size()), static_cast<int>(size)) != static_cast<int>(size)) return damaged();
  return run;
}

// -- recent_rows ------------------------------------------------------------------------------------------------------

void recent_rows::keep(std::size_t most_bytes) {
  most_bytes_ = most_bytes;
  while (run_.size() - begin() > most_bytes_) let_go(1);
  if (most_bytes_ == 0) run_ = {};
}

void recent_rows::let_go(std::size_t rows) {
  gone_ += rows;
  first_ += rows;
  if (gone_ < ends_.size()) return;
  run_.clear();
  ends_.clear();
  gone_ = 0;
}

void recent_rows::add(std::uint64_t seq, std::string_view row) {
  if (most_bytes_ == 0) return;
  if (seq != first_ + rows()) let_go(rows());
  if (rows() == 0) first_ = seq;
  append_to_run(run_, row);
  ends_.push_back(static_cast<std::uint32_t>(run_.size()));
  while (run_.size() - begin() > most_bytes_) let_go(1);
  const auto before = begin();
  if (before < worth_moving || 2 * before < run_.size()) return;
  run_.erase(0, before);
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(std::exchange(gone_, 0)));
  for (auto& end : ends_) end -= static_cast<std::uint32_t>(before);
}

void recent_rows::forget_before(std::uint64_t seq) {
  if (seq > first_) let_go(static_cast<std::size_t>(std::min<std::uint64_t>(seq - first_, rows())));
}

std::optional<recent_rows::part> recent_rows::from(std::uint64_t first, std::size_t most_rows, std::size_t most_bytes) {
  if (first < first_ || first >= first_ + rows() || most_rows == 0) return std::nullopt;
  forget_before(first);
  const auto all = ends_.begin() + static_cast<std::ptrdiff_t>(gone_);
  const auto fit = std::upper_bound(all, ends_.end(), begin() + most_bytes) - all;
  part out;
  out.rows = std::min({rows(), most_rows, std::max<std::size_t>(1, static_cast<std::size_t>(fit))});
  out.run = std::string_view(run_).substr(begin(), ends_[gone_ + out.rows - 1] - begin());
  return out;
}

}  // namespace switchyard::storage
