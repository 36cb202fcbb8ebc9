// The trained heads on disk, mapped into memory: named arrays. The grammar stands on top of heads_file.cpp.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

/// Read-only; the pages are shared between all that map the file.
class heads_file {
 public:
  /// Maps the file and checks all of it, its checksum too.
  [[nodiscard]] static result<heads_file> open(const std::string& path);
  /// The same, on bytes that the caller keeps alive; they must stand at a multiple of eight.
  [[nodiscard]] static result<heads_file> of_bytes(std::string_view bytes);

  /// embedder::fingerprint() of the embedding the heads were trained with.
  [[nodiscard]] std::uint64_t embedding() const noexcept { return embedding_; }

  /// Rows of `columns` numbers; empty when there is no such array of that type.
  struct floats {
    std::span<const float> values;
    std::size_t rows = 0, columns = 0;
  };
  struct bytes8 {
    std::span<const std::int8_t> values;
    std::size_t rows = 0, columns = 0;
  };
  [[nodiscard]] floats floats_named(std::string_view name) const noexcept;
  [[nodiscard]] bytes8 bytes_named(std::string_view name) const noexcept;

 private:
  struct entry {
    std::string_view name;
    bool is_float = false;
    std::size_t rows = 0, columns = 0, at = 0;
  };
  [[nodiscard]] const entry* find(std::string_view name, bool is_float) const noexcept;

  std::shared_ptr<const void> mapping_;
  std::string_view bytes_;
  std::uint64_t embedding_ = 0;
  std::vector<entry> entries_;
};

}  // namespace switchyard::routing
