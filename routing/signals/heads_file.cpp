// models/signals.bin, written by tools/train/heads_file.py:
//
//   file     = header entry* data
//   header   = "swysig02"          ; 02 is the version; 01 did not name its embedding
//              entries  u32        ; at most 256
//              zero     u32
//              embedding u64       ; embedder::fingerprint() of the embedding the heads were trained with
//              checksum u64        ; of the whole file, itself taken for zero; as in table_file.cpp
//   entry    = name 40 bytes       ; zeros behind
//              type u32            ; 1: f32, 2: i8
//              rows u32, columns u32
//              at u32              ; byte of the file, a multiple of 8
//   data     = the arrays, row after row, each padded with zeros to a multiple of 8
//
// All little-endian.
#include "routing/signals/heads_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>

namespace switchyard::routing {

namespace {

constexpr std::string_view magic = "swysig02";
constexpr std::size_t header_size = 32, entry_size = 56, name_size = 40, most_entries = 256, most_bytes = 16u << 20, embedding_at = 16, checksum_at = 24;

template <class T>
T read_at(std::string_view bytes, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t sum = 0, weight = 1;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8, weight += 2) sum += read_at<std::uint64_t>(bytes, at) * weight;
  return sum - read_at<std::uint64_t>(bytes, checksum_at) * (checksum_at / 8 * 2 + 1);
}

error bad(const std::string& where, const std::string& why) { return internal_error("signal heads" + where + ": " + why); }

}  // namespace

result<heads_file> heads_file::of_bytes(std::string_view bytes) {
  if (bytes.size() < header_size || bytes.substr(0, 6) != magic.substr(0, 6)) return bad("", "this is no file of heads");
  if (bytes.substr(0, 8) != magic) return bad("", "expected version 02, found '" + std::string(bytes.substr(6, 2)) + "'");
  const std::size_t count = read_at<std::uint32_t>(bytes, 8);
  if (count > most_entries || header_size + count * entry_size > bytes.size() || bytes.size() % 8 != 0) return bad("", "its parts do not fit in it");
  if (checksum(bytes) != read_at<std::uint64_t>(bytes, checksum_at)) return bad("", "it is damaged: the checksum differs");
  heads_file made;
  made.bytes_ = bytes;
  made.embedding_ = read_at<std::uint64_t>(bytes, embedding_at);
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = header_size + i * entry_size;
    entry e;
    e.name = bytes.substr(at, name_size);
    e.name = e.name.substr(0, std::min(e.name.find('\0'), name_size));
    const auto type = read_at<std::uint32_t>(bytes, at + name_size);
    e.is_float = type == 1;
    e.rows = read_at<std::uint32_t>(bytes, at + name_size + 4);
    e.columns = read_at<std::uint32_t>(bytes, at + name_size + 8);
    e.at = read_at<std::uint32_t>(bytes, at + name_size + 12);
    if ((type != 1 && type != 2) || e.at % 8 != 0 || e.at > bytes.size() ||
        static_cast<std::uint64_t>(e.rows) * e.columns > (bytes.size() - e.at) / (e.is_float ? 4 : 1))
      return bad("", "its array '" + std::string(e.name) + "' does not fit in it");
    made.entries_.push_back(e);
    const auto values = made.floats_named(e.name).values;
    if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) return bad("", "a weight is no number");
  }
  return made;
}

result<heads_file> heads_file::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return bad(" " + path, std::system_category().message(errno));
  struct stat facts {};
  const bool known = ::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
  const auto size = known ? static_cast<std::size_t>(facts.st_size) : 0;
  if (size < header_size || size > most_bytes) {
    ::close(file);
    return bad(" " + path, "this is no file of heads");
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  const auto problem = errno;
  ::close(file);
  if (memory == MAP_FAILED) return bad(" " + path, std::system_category().message(problem));
  std::shared_ptr<const void> mapping(memory, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  auto made = of_bytes({static_cast<const char*>(memory), size});
  if (!made) {
    made.failure().message.insert(std::string_view("signal heads").size(), " " + path);
    return made;
  }
  made->mapping_ = std::move(mapping);
  return made;
}

const heads_file::entry* heads_file::find(std::string_view name, bool is_float) const noexcept {
  for (const auto& e : entries_)
    if (e.name == name && e.is_float == is_float) return &e;
  return nullptr;
}

heads_file::floats heads_file::floats_named(std::string_view name) const noexcept {
  const auto* e = find(name, true);
  if (e == nullptr) return {};
  return {{reinterpret_cast<const float*>(bytes_.data() + e->at), e->rows * e->columns}, e->rows, e->columns};
}

heads_file::bytes8 heads_file::bytes_named(std::string_view name) const noexcept {
  const auto* e = find(name, false);
  if (e == nullptr) return {};
  return {{reinterpret_cast<const std::int8_t*>(bytes_.data() + e->at), e->rows * e->columns}, e->rows, e->columns};
}

}  // namespace switchyard::routing
