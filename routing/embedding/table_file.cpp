// models/embedding.bin, written by tools/train/table_file.py:
//
//   file       = header vocabulary pad scales rows pad [context]
//   header     = "swydemb3"           ; the 3 is the version; version 1 has zero u32 instead of width and what follows, and no context
//                dimensions u32       ; a multiple of 32, at most 1024
//                entries    u32
//                text       u32       ; bytes of the vocabulary, pad not counted
//                width      u32       ; of a context row; 0: there is no context, units, hidden and corrected are 0 too
//                units      u32
//                hidden     u32       ; width, units and hidden are multiples of 16, at most 1024
//                corrected  u32       ; a multiple of 32, at most dimensions
//                zero       u32
//                checksum   u64       ; of the whole file, itself taken for zero
//   vocabulary = entries * (piece LF) ; UTF-8, "##" before pieces within a word, "[UNK]" among them
//   scales     = entries * f32
//   rows       = entries * dimensions * i8
//   context    = steps                ; of direction, mean, maximum, hidden: 4 * f32, and the gate's shift, f32, and zero, u32
//                units * f32 * 3      ; the window's scales and shifts, the gate
//                hidden * f32 * 2     ; the first layer's scales and shifts
//                dimensions * f32     ; the second layer's scales
//                width * units * f32  ; what the mean context row adds to every unit
//                entries * f32 * 2    ; scales of the rows in context, and of their corrections
//                3 * width * units * i8, (dimensions + 2 * units) * hidden * i8, hidden * dimensions * i8
//                                     ; the three layers, as vector_code::multiply reads them
//                entries * width * u8 ; context rows, 0..127, 64 for zero
//                entries * corrected / 2 * u8   ; corrections, as vector_code::pool_halves reads them
//                pad
//   pad        = zeros up to a multiple of 8
//
// All little-endian. Without context the vector of a text is the sum over its pieces of scale * row, L2-normalised; with it, see
// context_network.hpp. checksum = sum over the 64-bit words w_0, w_1, ... of w_i * (2 i + 1), modulo 2^64: any one changed word
// changes it.
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

constexpr std::string_view magic = "swydemb3";
constexpr std::size_t header_size = 48, first_header_size = 32;     // of version 3, of version 1
constexpr std::size_t most_bytes = 64u << 20;      // models together stay below 16 MB; this only stops nonsense
constexpr std::size_t most_dimensions = 1024;     // of any layer too

template <class T>
T read_at(std::string_view bytes, std::size_t at) noexcept {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t checksum(std::string_view bytes, std::size_t checksum_at) noexcept {
  std::uint64_t sum = 0, weight = 1;
  for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8, weight += 2) sum += read_at<std::uint64_t>(bytes, at) * weight;
  return sum - read_at<std::uint64_t>(bytes, checksum_at) * (checksum_at / 8 * 2 + 1);
}

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 7) / 8 * 8; }

error bad(const std::string& what, const std::string& why) { return internal_error("embedding table" + what + ": " + why); }

bool is_layer(std::size_t size) noexcept { return size != 0 && size % 16 == 0 && size <= most_dimensions; }

std::size_t context_size(const context_weights& c, std::size_t dimensions, std::size_t entries) noexcept {
  const auto floats = 6 + 3 * c.units + 2 * c.hidden + dimensions + c.width * c.units + 2 * entries;
  const auto weights = 3 * c.width * c.units + (dimensions + 2 * c.units) * c.hidden + c.hidden * dimensions;
  return floats * sizeof(float) + weights + entries * (c.width + c.corrected / 2);
}

template <class T>
std::span<const T> part(std::string_view bytes, std::size_t at, std::size_t count) noexcept {
  return {reinterpret_cast<const T*>(bytes.data() + at), count};
}

bool all_finite(std::span<const float> numbers) noexcept {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
}

/// Fills in the parts; what is wrong with them, if anything is. `bytes` has context_size().
std::string read_context(std::string_view bytes, std::size_t dimensions, std::size_t entries, context_weights& c) {
  std::size_t at = 0;
  const auto take = [&]<class T>(std::span<const T>& to, std::size_t count) {
    to = part<T>(bytes, at, count);
    at += count * sizeof(T);
  };
  std::span<const float> steps;
  take(steps, 6);
  take(c.window_scales, c.units);
  take(c.window_shifts, c.units);
  take(c.gates, c.units);
  take(c.first_scales, c.hidden);
  take(c.first_shifts, c.hidden);
  take(c.second_scales, dimensions);
  take(c.mean, c.width * c.units);
  take(c.row_scales, entries);
  take(c.correction_scales, entries);
  if (!all_finite(part<float>(bytes, 0, at / sizeof(float)))) return "a weight is no number";
  c.direction_step = steps[0], c.mean_step = steps[1], c.maximum_step = steps[2], c.hidden_step = steps[3], c.gate_shift = steps[4];
  if (!(c.direction_step > 0 && c.mean_step > 0 && c.maximum_step > 0 && c.hidden_step > 0)) return "a step is not above zero";
  take(c.window, 3 * c.width * c.units);
  take(c.first, (dimensions + 2 * c.units) * c.hidden);
  take(c.second, c.hidden * dimensions);
  take(c.rows, entries * c.width);
  take(c.corrections, entries * c.corrected / 2);
  if (std::any_of(c.rows.begin(), c.rows.end(), [](std::uint8_t x) { return x > 127; })) return "a context row is out of range";
  return {};
}

}  // namespace

result<table_file> table_file::of_bytes(std::string_view bytes) {
  if (bytes.size() < first_header_size || bytes.substr(0, 7) != magic.substr(0, 7)) return bad("", "this is no embedding table");
  const bool first = bytes[7] == '1';
  if (!first && bytes.substr(0, 8) != magic) return bad("", "expected version 1 or 3, found '" + std::string(1, bytes[7]) + "'");
  const std::size_t header = first ? first_header_size : header_size, checksum_at = header - sizeof(std::uint64_t);
  if (bytes.size() < header) return bad("", "it is cut short or too long");
  const std::size_t dimensions = read_at<std::uint32_t>(bytes, 8), entries = read_at<std::uint32_t>(bytes, 12);
  const std::size_t text = read_at<std::uint32_t>(bytes, 16);
  context_weights context;
  if (!first) {
    context.width = read_at<std::uint32_t>(bytes, 20);
    context.units = read_at<std::uint32_t>(bytes, 24);
    context.hidden = read_at<std::uint32_t>(bytes, 28);
    context.corrected = read_at<std::uint32_t>(bytes, 32);
  }
  if (dimensions == 0 || dimensions % 32 != 0 || dimensions > most_dimensions)
    return bad("", "dimensions must be a multiple of 32 up to 1024");
  const bool plain = context.width == 0 && context.units == 0 && context.hidden == 0 && context.corrected == 0;
  if (!plain && !(is_layer(context.width) && is_layer(context.units) && is_layer(context.hidden)))
    return bad("", "width, units and hidden must be multiples of 16 up to 1024, or all zero");
  if (context.corrected % 32 != 0 || context.corrected > dimensions) return bad("", "corrected must be a multiple of 32 up to dimensions");
  if (entries == 0 || entries > bytes.size() || text > bytes.size()) return bad("", "its parts do not fit in it");
  const std::size_t scales_at = header + padded(text), rows_at = scales_at + entries * sizeof(float);
  const std::size_t context_at = padded(rows_at + entries * dimensions);
  if (bytes.size() != context_at + (plain ? 0 : padded(context_size(context, dimensions, entries))))
    return bad("", "it is cut short or too long");
  if (checksum(bytes, checksum_at) != read_at<std::uint64_t>(bytes, checksum_at)) return bad("", "it is damaged: the checksum differs");

  table_file made;
  made.dimensions_ = dimensions;
  made.fingerprint_ = read_at<std::uint64_t>(bytes, checksum_at);
  made.vocabulary_ = bytes.substr(header, text);
  made.scales_ = part<float>(bytes, scales_at, entries);
  made.rows_ = part<std::int8_t>(bytes, rows_at, entries * dimensions);
  if (static_cast<std::size_t>(std::count(made.vocabulary_.begin(), made.vocabulary_.end(), '\n')) != entries)
    return bad("", "as many pieces as entries were expected");
  if (!all_finite(made.scales_)) return bad("", "a scale is no number");
  if (!plain) {
    if (const auto problem = read_context(bytes.substr(context_at), dimensions, entries, context); !problem.empty())
      return bad("", problem);
    made.context_ = context;
  }
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
  if (!S_ISREG(facts.st_mode) || size < first_header_size || size > most_bytes) {
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
