// What a credential may consist of.
#pragma once

#include <string_view>

namespace switchyard::config {

/// Printable ASCII without blanks, as a header field carries it; not empty.
[[nodiscard]] bool is_sendable_secret(std::string_view value) noexcept;

}  // namespace switchyard::config
