// Where in which file a value of the configuration stands.
#pragma once

namespace switchyard::config {

/// Line and column count from 1; 0 when the value does not come from a file.
struct source_position {
  int line = 0;
  int column = 0;
};

}  // namespace switchyard::config
