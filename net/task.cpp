#include "net/task.hpp"

#include <array>
#include <cstddef>
#include <new>

namespace switchyard::net::detail {

namespace {

// Size classes of 256 bytes up to 4 KiB; at most 64 kept frames each, so an idle thread holds little.
constexpr std::size_t step = 256;
constexpr std::size_t classes = 16;
constexpr std::size_t kept = 64;

struct free_frame {
  free_frame* next;
};
struct free_list {
  free_frame* head = nullptr;
  std::size_t size = 0;
};
struct frame_cache {
  std::array<free_list, classes> lists;
  ~frame_cache() {
    for (auto& list : lists)
      while (list.head != nullptr) ::operator delete(std::exchange(list.head, list.head->next));
  }
};

frame_cache& cache() noexcept {
  thread_local frame_cache instance;
  return instance;
}

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t index = (size - 1) / step;
  if (index >= classes) return ::operator new(size);
  auto& list = cache().lists[index];
  if (list.head != nullptr) {
    --list.size;
    return std::exchange(list.head, list.head->next);
  }
  return ::operator new((index + 1) * step);
}

void release_frame(void* frame, std::size_t size) noexcept {
  const std::size_t index = (size - 1) / step;
  if (index < classes) {
    auto& list = cache().lists[index];
    if (list.size < kept) {
      auto* node = static_cast<free_frame*>(frame);
      node->next = list.head;
      list.head = node;
      ++list.size;
      return;
    }
  }
  ::operator delete(frame);
}

}  // namespace switchyard::net::detail
