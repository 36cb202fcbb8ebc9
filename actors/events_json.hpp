// The live events of the admin API as JSON text: {"type","at",...}.
#pragma once

#include "base/clock.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace switchyard::actors {

/// "2026-01-31T12:00:00.123Z"
[[nodiscard]] std::string rfc3339(wall_time at);
/// Strings only; numbers that an event carries are few enough to be written by their senders.
[[nodiscard]] std::string event_json(std::string_view type, wall_time at,
                                     std::initializer_list<std::pair<std::string_view, std::string_view>> members);

}  // namespace switchyard::actors
