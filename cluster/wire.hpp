// How a message's bytes are made and read: a struct is a msgpack array of its fields in order, and grows at its end only.
//
//   struct   = array [field, ...]        a reader takes fewer fields (down to the struct's `least`; the rest keep their defaults) and
//                                        more than it knows (it skips them): that is how N talks with N-1
//   field    = uint | int | bool | bin (every string) | nil or value (optional) | array (vector, struct)
//   enum     = uint; above the last value known: the message is refused
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace switchyard::cluster {

/// Largest frame, its envelope included; checked before anything is unpacked.
inline constexpr std::size_t longest_frame = 1u << 20;
/// Arrays within arrays.
inline constexpr std::size_t deepest_message = 32;
/// Items of one array.
inline constexpr std::size_t longest_list = 16u << 10;

class wire_writer {
 public:
  void list(std::size_t items);
  void number(std::uint64_t value);
  void integer(std::int64_t value);
  void flag(bool value);
  void bytes(std::string_view value);
  void nil();
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// Reads in order, bytes that outlive it. The first thing that does not fit makes every later answer empty and ok() false.
class wire_reader {
 public:
  explicit wire_reader(std::string_view bytes);
  ~wire_reader();
  wire_reader(const wire_reader&) = delete;
  wire_reader& operator=(const wire_reader&) = delete;

  /// Opens an array of at least `least` items; returns how many it has. Close it with leave(), which skips what was not read.
  std::size_t enter(std::size_t least);
  void leave();
  /// Has the open array another item?
  [[nodiscard]] bool more() const noexcept;

  [[nodiscard]] std::uint64_t number(std::uint64_t most = UINT64_MAX);
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] bool flag();
  [[nodiscard]] std::string bytes();
  /// Skips a nil; false: something else is there.
  [[nodiscard]] bool skip_nil();

  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  /// What did not fit and where: "field 2.0.1: not a number" (counted from 0).
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  void refuse(std::string_view why);

 private:
  struct whole;
  std::unique_ptr<whole> whole_;
  std::string problem_;
};

}  // namespace switchyard::cluster
