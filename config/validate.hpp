// What a table cannot say: defaults that depend on other values, and checks across them.
#pragma once

#include "config/reading.hpp"

namespace switchyard::config {

/// Fills the node's name, the presets' wire and base URL, and the names of nameless keys.
void complete(config& parsed, reading& run);
/// Reports every clash between values, each at one of them.
void validate(const config& completed, reading& run);

}  // namespace switchyard::config
