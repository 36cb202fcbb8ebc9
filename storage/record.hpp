// How a record's bytes are made and read: record = msgpack array [version, field, ...], crc32c of it (4 bytes, little-endian).
// Readers take records of their version with more fields than they know (a later version may append some), and refuse others.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <msgpack/object.hpp>
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>

namespace switchyard::storage {

/// Closes a record that begins at `from` and is not closed yet.
void append_checksum(std::string& to, std::size_t from);

/// Appends one record to a string that outlives it.
class record_writer {
 public:
  record_writer(std::string& to, std::uint32_t fields, std::uint32_t version) : to_{to}, from_(to.size()), packer_(to_) {
    packer_.pack_array(fields + 1);
    packer_.pack_uint32(version);
  }
  record_writer& number(std::int64_t value) {
    packer_.pack_int64(value);
    return *this;
  }
  record_writer& number_or_nil(const std::optional<std::int64_t>& value) {
    if (value)
      packer_.pack_int64(*value);
    else
      packer_.pack_nil();
    return *this;
  }
  record_writer& text(std::string_view value) {
    packer_.pack_str(static_cast<std::uint32_t>(value.size()));
    packer_.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
    return *this;
  }
  record_writer& bytes(std::string_view value) {
    packer_.pack_bin(static_cast<std::uint32_t>(value.size()));
    packer_.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
    return *this;
  }
  record_writer& list(std::size_t items) {
    packer_.pack_array(static_cast<std::uint32_t>(items));
    return *this;
  }
  /// Closes the record with its checksum.
  void done() { append_checksum(to_.bytes, from_); }

 private:
  struct sink {
    std::string& bytes;
    void write(const char* data, std::size_t size) { bytes.append(data, size); }
  };
  sink to_;
  std::size_t from_;
  msgpack::packer<sink> packer_;
};

/// Reads fields in order. The first thing that does not fit makes every later answer empty and ok() false.
class record_reader {
 public:
  /// `least`: fields a record of `version` has.
  record_reader(std::string_view record, std::uint32_t version, std::uint32_t least);

  [[nodiscard]] std::int64_t number();
  [[nodiscard]] std::optional<std::int64_t> number_or_nil();
  [[nodiscard]] std::string text();
  [[nodiscard]] std::string bytes(std::size_t size);
  /// Has the record fields that were not read? Between fields only, not within a list.
  [[nodiscard]] bool more() const noexcept { return ok() && at_ != end_; }
  /// A list's items follow, by text().
  [[nodiscard]] std::size_t list();

  [[nodiscard]] bool ok() const noexcept { return problem_.empty(); }
  /// What did not fit: "checksum", "version 3", "field 4".
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  const msgpack::object* next();
  void bad_field();

  msgpack::object_handle whole_;
  const msgpack::object* at_ = nullptr;          ///< next field
  const msgpack::object* end_ = nullptr;
  const msgpack::object* item_ = nullptr;        ///< next item of the open list
  const msgpack::object* items_end_ = nullptr;
  std::uint32_t field_ = 0;
  std::string problem_;
};

}  // namespace switchyard::storage
