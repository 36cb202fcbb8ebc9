#include "net/task.hpp"

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace switchyard::net::detail {

namespace {

// Size classes of 256 bytes up to 8 KiB; what a thread keeps of all of them together is bounded, so an idle one holds little.
constexpr std::size_t step = 256;
constexpr std::size_t classes = 32;
constexpr std::size_t most_kept = 1u << 20;    // bytes: a request under way has some 10 KB of frames

struct free_frame {
  free_frame* next;
};

// Plain words, so that reaching them costs no question; who frees them is another object.
struct frame_cache {
  std::array<free_frame*, classes> heads;
  std::size_t kept;
};
thread_local constinit frame_cache cache{};

/// Gives a thread's frames back when the thread ends.
struct frame_keeper {
  void begin() const noexcept {}
  ~frame_keeper() {
    cache.kept = most_kept;                      // frames that end later go back to the heap
    for (auto*& head : cache.heads)
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
  }
};
thread_local frame_keeper keeper;

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = (size - 1) / step;
  if (index >= classes) return ::operator new(size);
  if (auto*& head = cache.heads[index]; head != nullptr) {
    cache.kept -= (index + 1) * step;
    return std::exchange(head, head->next);
  }
  keeper.begin();                                // a thread-local begins when it is used
  return ::operator new((index + 1) * step);
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = (size - 1) / step;
  const std::size_t bytes = (index + 1) * step;
  if (index >= classes || cache.kept + bytes > most_kept) return ::operator delete(frame);
  cache.kept += bytes;
  cache.heads[index] = new (frame) free_frame{cache.heads[index]};
}

}  // namespace switchyard::net::detail
