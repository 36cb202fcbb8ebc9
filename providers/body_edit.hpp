// Forwarding a body as it came but for a few places, without joining or copying it; and where a base URL's path ends.
#pragma once

#include "providers/wire.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace switchyard::providers {

/// Puts `with` in the place of a range of the body (an empty range: inserts).
struct edit {
  byte_range where;
  std::string_view with;
};

/// Appends the body in pieces, unedited stretches as views. `edits` do not overlap; they are sorted here.
void write_pieces(std::string_view body, std::span<edit> edits, std::vector<std::string_view>& out);

/// What every format changes: the model's name where the provider knows it by another, and Switchyard's own `fallbacks`, cut out. Gives the
/// number of edits put into `edits` (at most 2); `storage` keeps the name.
[[nodiscard]] std::size_t usual_edits(const api_request& request, std::string_view model, std::span<edit> edits,
                                      std::vector<std::unique_ptr<std::string>>& storage);

/// "https://host/prefix/" -> "/prefix"; no path: "".
[[nodiscard]] std::string_view path_prefix(std::string_view base_url) noexcept;

/// A model's name as one path segment: everything but letters, digits and -._~ percent-encoded.
[[nodiscard]] std::string encode_segment(std::string_view name);

}  // namespace switchyard::providers
