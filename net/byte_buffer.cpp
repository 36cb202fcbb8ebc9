#include "net/byte_buffer.hpp"

#include <array>
#include <cstdlib>
#include <new>

namespace switchyard::net {

namespace {

// Blocks of 2, 4, 8 and 16 KiB; at most 64 kept of each, 2 MiB a thread in all.
constexpr std::size_t smallest = 2048;
constexpr std::size_t classes = 4;
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kept = 0;    // so that the sanitizer sees who touches a freed one
#else
constexpr std::size_t kept = 64;
#endif

struct free_block {
  free_block* next;
};
struct free_list {
  free_block* head = nullptr;
  std::size_t size = 0;
};
struct block_cache {
  std::array<free_list, classes> lists;
  ~block_cache() {
    for (auto& list : lists)
      while (list.head != nullptr) std::free(std::exchange(list.head, list.head->next));
    gone = true;
  }
  static inline thread_local bool gone = false;   // buffers of other thread-locals may outlive it
};

free_list* list_of(std::size_t size) noexcept {
  thread_local block_cache instance;
  for (std::size_t i = 0; i < classes; ++i)
    if (size == smallest << i) return block_cache::gone ? nullptr : &instance.lists[i];
  return nullptr;
}

}  // namespace

char* byte_buffer::allocate_block(std::size_t size) {
  if (auto* list = list_of(size); list != nullptr && list->head != nullptr) {
    --list->size;
    return reinterpret_cast<char*>(std::exchange(list->head, list->head->next));
  }
  auto* block = static_cast<char*>(std::malloc(size));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void byte_buffer::release_block(char* block, std::size_t size) noexcept {
  auto* list = list_of(size);
  if (list == nullptr || list->size >= kept) return std::free(block);
  auto* node = reinterpret_cast<free_block*>(block);
  node->next = list->head;
  list->head = node;
  ++list->size;
}

}  // namespace switchyard::net
