// A cached answer as it stands on disk and travels between nodes (storage/answer_store.hpp), and back.
#pragma once

#include "routing/cache/cache_entry.hpp"
#include "storage/answer_store.hpp"

#include <memory>

namespace switchyard::actors {

[[nodiscard]] storage::stored_answer stored(const routing::cache_entry& entry);
[[nodiscard]] std::shared_ptr<routing::cache_entry> restored(storage::stored_answer&& from);

}  // namespace switchyard::actors
