//   file       = "swygraf1" section(head) graph*          ; the 1 is the version
//   head       = embedding u64, dimensions u32, 0 u32
//   graph      = section(partition exact*) section(vectors) section(links)     ; both as vector_graph.cpp says
//   partition  = 16 bytes
//   exact      = 16 bytes                                 ; one a slot; zeros: its answer is gone
//   section(x) = size u64, CRC-32C u32, 0 u32, x, zeros up to a multiple of 8
//
// Numbers are little-endian. The answers themselves, and vectors that are in no graph, stand in storage/answer_store.
#include "routing/cache/graph_file.hpp"

#include "storage/crc32c.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <optional>

namespace switchyard::routing {

namespace {

constexpr std::string_view magic = "swygraf1";
constexpr std::size_t section_head = 16, head_size = 16;

template <class T>
void append(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}
template <class T>
T read_at(std::string_view bytes, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
constexpr std::size_t pad(std::size_t size) noexcept { return (8 - size % 8) % 8; }

std::string head_of(const graph_file_kind& kind) {
  std::string out;
  append<std::uint64_t>(out, kind.embedding);
  append<std::uint32_t>(out, static_cast<std::uint32_t>(kind.dimensions));
  append<std::uint32_t>(out, 0);
  return out;
}

/// A whole file, read as memory.
class mapping {
 public:
  explicit mapping(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat facts {};
    if (file >= 0 && ::fstat(file, &facts) == 0 && facts.st_size > 0) {
      size_ = static_cast<std::size_t>(facts.st_size);
      at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    }
    if (file >= 0) ::close(file);
  }
  ~mapping() {
    if (at_ != MAP_FAILED) ::munmap(at_, size_);
  }
  mapping(const mapping&) = delete;
  mapping& operator=(const mapping&) = delete;

  [[nodiscard]] std::string_view bytes() const noexcept {
    return at_ == MAP_FAILED ? std::string_view() : std::string_view(static_cast<const char*>(at_), size_);
  }

 private:
  void* at_ = MAP_FAILED;
  std::size_t size_ = 0;
};

/// nullopt: it is not there whole.
std::optional<std::string_view> next_section(std::string_view& rest) noexcept {
  if (rest.size() < section_head) return std::nullopt;
  const auto size = read_at<std::uint64_t>(rest, 0);
  const auto sum = read_at<std::uint32_t>(rest, 8);
  rest.remove_prefix(section_head);
  if (size > rest.size() || pad(size) > rest.size() - size) return std::nullopt;
  const auto out = rest.substr(0, size);
  rest.remove_prefix(size + pad(size));
  return storage::crc32c(out) == sum ? std::optional(out) : std::nullopt;
}

}  // namespace

graph_file_writer::graph_file_writer(std::string path, const graph_file_kind& kind)
    : path_(std::move(path)), beside_(path_ + ".new"), file_(beside_, std::ios::binary | std::ios::trunc) {
  file_ << magic;
  section(head_of(kind));
}

graph_file_writer::~graph_file_writer() {
  if (finished_) return;
  file_.close();
  std::error_code ignored;
  std::filesystem::remove(beside_, ignored);
}

void graph_file_writer::section(std::string_view bytes) {
  std::string head;
  append<std::uint64_t>(head, bytes.size());
  append<std::uint32_t>(head, storage::crc32c(bytes));
  append<std::uint32_t>(head, 0);
  file_ << head << bytes << std::string_view("\0\0\0\0\0\0\0\0", pad(bytes.size()));
}

void graph_file_writer::add(const cache_hash& partition, std::span<const cache_hash> slots, const vector_graph& graph) {
  std::string place(reinterpret_cast<const char*>(partition.data()), partition.size());
  place.append(reinterpret_cast<const char*>(slots.data()), slots.size_bytes());
  const auto image = graph.bytes();
  section(place);
  section(image.vectors);
  section(image.links);
}

outcome graph_file_writer::finish() {
  file_.close();
  std::error_code bad;
  if (file_) std::filesystem::rename(beside_, path_, bad);
  if (!file_ || bad) return internal_error(path_ + ": cannot be written");
  finished_ = true;
  return done{};
}

outcome read_graphs(const std::string& path, const graph_file_kind& kind, const std::function<void(kept_graph)>& each) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return done{};
  const mapping file(path);
  auto rest = file.bytes();
  const auto bad = [&](const char* why) { return internal_error(path + ": " + why); };
  if (!rest.starts_with(magic)) return bad("holds no graphs of this version");
  rest.remove_prefix(magic.size());
  const auto head = next_section(rest);
  if (!head || head->size() != head_size) return bad("is damaged: its head is wrong");
  if (*head != head_of(kind)) return bad("was made with another embedding");
  while (!rest.empty()) {
    const auto place = next_section(rest);
    const auto vectors = place ? next_section(rest) : std::nullopt;
    const auto links = vectors ? next_section(rest) : std::nullopt;
    if (!links || place->size() < sizeof(cache_hash) || place->size() % sizeof(cache_hash) != 0) return bad("is damaged: a checksum or a length is wrong");
    kept_graph out;
    std::memcpy(out.partition.data(), place->data(), sizeof out.partition);
    out.slots.resize(place->size() / sizeof(cache_hash) - 1);
    std::memcpy(out.slots.data(), place->data() + sizeof out.partition, place->size() - sizeof out.partition);
    out.graph = vector_graph::of_bytes(kind.dimensions, *vectors, *links, out.slots.size());
    if (!out.graph) return bad("is damaged: a graph leads nowhere");
    each(std::move(out));
  }
  return done{};
}

}  // namespace switchyard::routing
