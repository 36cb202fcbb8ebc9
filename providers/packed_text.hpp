// Bytes that are given out again later: they grow piece by piece, are held once and packed, and come out block by block.
//
// Texts up to a block stand as they are. Of longer ones each full block is packed by itself (zstd, level 1): ordinary text takes less than
// half its size, base64 three quarters. Packing needs some memory of its own, once a thread: packing_memory().
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

/// Bytes that somebody holds and that stay where they are: as they stand, or a packed block.
struct kept_bytes {
  std::string_view bytes;
  std::size_t unpacked = 0;              ///< 0: as they stand; else how many they are when unpacked
};

/// Kept bytes that belong before the byte `at` of what was written.
struct lent_text {
  std::size_t at = 0;
  kept_bytes what;
};

class packed_text {
 public:
  static constexpr std::size_t block_size = 32u << 10;

  void append(std::string_view piece);
  void clear();
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Copied to the end of `out`; or, where the stream's bytes may be lent and it is worth it, referred to at that place. What is referred
  /// to lasts until the text grows or goes.
  void put(std::string& out, std::vector<lent_text>* lent) const;
  [[nodiscard]] std::string joined() const;
  /// Appends all of it, in order.
  void list(std::vector<kept_bytes>& out) const;

 private:
  struct block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    [[nodiscard]] kept_bytes kept() const noexcept;
  };
  void pack_last();

  std::vector<block> blocks_;            // each of block_size; one that did not get smaller stands as it is
  std::string last_;                     // less than a block
  std::size_t size_ = 0;
};

/// Gives kept bytes out in order, with never more than one block unpacked.
class unpacker {
 public:
  void add(kept_bytes what) { queue_.push_back(what); }
  [[nodiscard]] std::vector<kept_bytes>& queue() noexcept { return queue_; }
  [[nodiscard]] bool empty() const noexcept { return next_ == queue_.size(); }
  /// Appends what comes next to `out`; it lives until the next call. True: there is more.
  bool give(std::vector<std::string_view>& out);
  void clear();

 private:
  std::vector<kept_bytes> queue_;
  std::size_t next_ = 0;
  std::string block_;
};

/// What packing and unpacking hold for this thread, beside the texts.
[[nodiscard]] std::size_t packing_memory() noexcept;

}  // namespace switchyard::providers
