// models/near_misses.txt, embedded.
#pragma once

#include <string_view>

namespace switchyard::routing {

extern const std::string_view near_miss_words;

}  // namespace switchyard::routing
