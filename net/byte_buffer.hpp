// A growing run of bytes with a consumed front: what sockets read into. Never zero-fills.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace switchyard::net {

/// Layout: [consumed | data | free]. Growing or compacting moves the data: never while a read into it is pending.
class byte_buffer {
 public:
  byte_buffer() = default;
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~byte_buffer() { release(); }

  void swap(byte_buffer& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(capacity_, other.capacity_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
  }

  [[nodiscard]] char* data() noexcept { return memory_ + begin_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::string_view view() const noexcept { return {memory_ + begin_, end_ - begin_}; }

  [[nodiscard]] char* free_begin() noexcept { return memory_ + end_; }
  [[nodiscard]] std::size_t free_size() const noexcept { return capacity_ - end_; }

  /// At least `more` free bytes behind the data.
  void reserve_free(std::size_t more) {
    if (empty()) begin_ = end_ = 0;
    if (free_size() >= more) return;
    if (begin_ > 0 && capacity_ - size() >= more) {
      std::memmove(memory_, memory_ + begin_, size());
      end_ -= begin_;
      begin_ = 0;
      return;
    }
    std::size_t next = capacity_ < 2048 ? 2048 : capacity_ * 2;
    while (next - size() < more) next *= 2;
    char* memory = allocate_block(next);
    const std::size_t held = size();
    if (held > 0) std::memcpy(memory, memory_ + begin_, held);
    release();
    memory_ = memory;
    end_ = held;
    capacity_ = next;
  }

  void commit(std::size_t n) noexcept { end_ += n; }
  /// Moves nothing: allowed while a read into free_begin() is pending.
  void consume(std::size_t n) noexcept { begin_ += n; }
  void truncate(std::size_t size) noexcept { end_ = begin_ + size; }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    reserve_free(bytes.size());
    std::memcpy(free_begin(), bytes.data(), bytes.size());
    commit(bytes.size());
  }
  void clear() noexcept { begin_ = end_ = 0; }
  /// Gives the memory back.
  void release() noexcept {
    if (memory_ != nullptr) release_block(memory_, capacity_);
    memory_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }

 private:
  // Small blocks come from a list per thread: every request takes and gives back one or two.
  static char* allocate_block(std::size_t size);
  static void release_block(char* block, std::size_t size) noexcept;

  char* memory_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace switchyard::net
