// A static embedding table on disk, mapped into memory. The grammar stands on top of table_file.cpp.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::routing {

/// One row of int8 and one scale per vocabulary entry. Read-only; the pages are shared between all that map the file.
class table_file {
 public:
  /// Maps the file and checks all of it, its checksum too.
  [[nodiscard]] static result<table_file> open(const std::string& path);
  /// The same, on bytes that the caller keeps alive; they must stand at a multiple of four.
  [[nodiscard]] static result<table_file> of_bytes(std::string_view bytes);

  [[nodiscard]] std::size_t dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] std::size_t entries() const noexcept { return scales_.size(); }
  /// One line a piece, entries() of them.
  [[nodiscard]] std::string_view vocabulary_text() const noexcept { return vocabulary_; }
  [[nodiscard]] std::span<const float> scales() const noexcept { return scales_; }
  /// Row after row.
  [[nodiscard]] std::span<const std::int8_t> rows() const noexcept { return rows_; }

 private:
  std::shared_ptr<const void> mapping_;
  std::size_t dimensions_ = 0;
  std::string_view vocabulary_;
  std::span<const float> scales_;
  std::span<const std::int8_t> rows_;
};

}  // namespace switchyard::routing
