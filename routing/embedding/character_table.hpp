// models/characters.bin, embedded.
#pragma once

#include <string_view>

namespace switchyard::routing {

extern const std::string_view character_table;

}  // namespace switchyard::routing
