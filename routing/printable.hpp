// Text from outside, made fit for a header or a message.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::routing {

/// Printable ASCII only, anything else as '?'; cut to `most` characters, the last three dots then.
[[nodiscard]] std::string printable(std::string_view text, std::size_t most);

}  // namespace switchyard::routing
