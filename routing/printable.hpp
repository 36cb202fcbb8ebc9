// Text from outside, made fit for a header or a message.
#pragma once

#include <string>

namespace switchyard::routing {

/// Printable ASCII only, anything else as '?'; cut to `most` characters, the last three dots then.
[[nodiscard]] std::string printable(std::string text, std::size_t most);

}  // namespace switchyard::routing
