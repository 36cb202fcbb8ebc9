// The key-value contract on RocksDB: one folder, one process. No RocksDB in this header.
#pragma once

#include "storage/store.hpp"

namespace switchyard::storage {

/// What opening does with a folder that is damaged.
enum class on_damage {
  refuse,                                        ///< say what to do and leave the files alone: for what cannot be made anew
  set_aside,                                     ///< rename the folder to "<folder>.damaged-<n>" and begin an empty one: for caches
};

/// Makes the folder (and its parents) when it is missing. `in_use`: error.param is "lock" when another process has it open.
[[nodiscard]] result<std::unique_ptr<store>> open_rocks_store(const std::string& folder, on_damage damage);

}  // namespace switchyard::storage
