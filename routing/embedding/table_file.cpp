// models/embedding.bin, written by tools/train/table_file.py:
//
//   file       = header vocabulary pad scales rows pad
//   header     = "swydemb1"           ; the 1 is the version
//                dimensions u32       ; a multiple of 32, at most 1024
//                entries    u32
//                text       u32       ; bytes of the vocabulary, pad not counted
//                zero       u32
//                checksum   u64       ; of the whole file, itself taken for zero
//   vocabulary = entries * (piece LF) ; UTF-8, "##" before pieces within a word, "[UNK]" among them
//   scales     = entries * f32
//   rows       = entries * dimensions * i8
//   pad        = zeros up to a multiple of 8
//
// All little-endian. The vector of a text is the sum over its pieces of scale * row, L2-normalised.
// checksum = sum over the 64-bit words w_0, w_1, ... of w_i * (2 i + 1), modulo 2^64: any one changed word changes it.
#include "routing/embedding/table_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <system_error>

namespace switchyard::routing {

namespace {

static_assert(std::endian::native == std::endian::little, "the table is read in place");

constexpr std::string_view magic = "swydemb1";
constexpr std::size_t header_size = 32;
constexpr std::size_t most_bytes = 64u << 20;      // models together stay below 16 MB; this only stops nonsense
constexpr std::size_t most_dimensions = 1024;

template <class T>
T read_at(std::string_view bytes, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

constexpr std::size_t checksum_at = 24;

std::uint64_t checksum(std::string_view bytes) noexcept {
  std::uint64_t sum = 0, weight = 1;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8, weight += 2) sum += read_at<std::uint64_t>(bytes, at) * weight;
  return sum - read_at<std::uint64_t>(bytes, checksum_at) * (checksum_at / 8 * 2 + 1);
}

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) / 8 * 8; }

error bad(const std::string& what, const std::string& why) { return internal_error("embedding table" + what + ": " + why); }

}  // namespace

result<table_file> table_file::of_bytes(std::string_view bytes) {
  if (bytes.size() < header_size || bytes.substr(0, 7) != magic.substr(0, 7)) return bad("", "this is no embedding table");
  if (bytes.substr(0, 8) != magic) return bad("", "expected version 1, found '" + std::string(1, bytes[7]) + "'");
  const std::size_t dimensions = read_at<std::uint32_t>(bytes, 8), entries = read_at<std::uint32_t>(bytes, 12);
  const std::size_t text = read_at<std::uint32_t>(bytes, 16);
  if (dimensions == 0 || dimensions % 32 != 0 || dimensions > most_dimensions)
    return bad("", "dimensions must be a multiple of 32 up to 1024");
  if (entries == 0 || entries > bytes.size() || text > bytes.size()) return bad("", "its parts do not fit in it");
  const std::size_t scales_at = header_size + padded(text), rows_at = scales_at + entries * sizeof(float);
  if (bytes.size() != padded(rows_at + entries * dimensions)) return bad("", "it is cut short or too long");
  if (checksum(bytes) != read_at<std::uint64_t>(bytes, checksum_at)) return bad("", "it is damaged: the checksum differs");

  table_file made;
  made.dimensions_ = dimensions;
  made.vocabulary_ = bytes.substr(header_size, text);
  made.scales_ = {reinterpret_cast<const float*>(bytes.data() + scales_at), entries};
  made.rows_ = {reinterpret_cast<const std::int8_t*>(bytes.data() + rows_at), entries * dimensions};
  if (static_cast<std::size_t>(std::count(made.vocabulary_.begin(), made.vocabulary_.end(), '\n')) != entries)
    return bad("", "as many pieces as entries were expected");
  if (!std::all_of(made.scales_.begin(), made.scales_.end(), [](float scale) { return std::isfinite(scale); }))
    return bad("", "a scale is no number");
  return made;
}

result<table_file> table_file::open(const std::string& path) {
  const auto failed = [&path] { return bad(" " + path, std::system_category().message(errno)); };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed();
  struct stat facts {};
  if (::fstat(file, &facts) != 0) {
    ::close(file);
    return failed();
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (!S_ISREG(facts.st_mode) || size < header_size || size > most_bytes) {
    ::close(file);
    return bad(" " + path, "this is no embedding table");
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  ::close(file);
  if (memory == MAP_FAILED) return failed();
  std::shared_ptr<const void> mapping(memory, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  auto made = of_bytes({static_cast<const char*>(memory), size});
  if (!made) return bad(" " + path, made.failure().message);
  made->mapping_ = std::move(mapping);
  return made;
}

}  // namespace switchyard::routing
