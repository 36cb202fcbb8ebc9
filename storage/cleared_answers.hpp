// What was cleared of the cache in a cluster, beside the answers themselves (DATA_DIR/cache): so that a node that was away knows what it has not heard of.
//
//   default   'm' node         record 1: number: what that node cleared up to here is cleared here
//             'o' slot (u8)    record 1: number, previous, route, tenant, tag: one of this node's own last clears (cluster/cache_clears.hpp)
#pragma once

#include "storage/store.hpp"

#include <map>
#include <string>
#include <utility>

namespace switchyard::storage {

struct own_clear {
  std::uint64_t number = 0, previous = 0;
  std::string route, tenant, tag;
};

/// Key and value.
[[nodiscard]] std::pair<std::string, std::string> clear_mark(const std::string& node, std::uint64_t number);
[[nodiscard]] std::pair<std::string, std::string> own_clear_record(std::uint8_t slot, const own_clear& what);

struct clears_read {
  std::map<std::size_t, own_clear> own;          ///< by slot
  std::map<std::string, std::uint64_t> marks;    ///< by node
};
/// What cannot be read is passed over: then more is cleared than must be.
[[nodiscard]] result<clears_read> read_clears(const reader& from);

}  // namespace switchyard::storage
