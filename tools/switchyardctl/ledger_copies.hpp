// Compares what nodes say of their ledgers' rows with what others keep of them.
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace switchyard::ctl {

struct copied_ledger {
  std::string node;
  std::uint64_t rows = 0;                        ///< on its own disk
  std::uint64_t copied = 0;                      ///< of them, on another node's disk
  std::uint64_t waiting = 0;                     ///< the newest, not copied yet
  std::uint64_t missing = 0;                     ///< older ones without a copy
  std::uint64_t elsewhere = 0;                   ///< copies of lives that its own disk knows nothing of: it was lost, or they are older than is kept there
  std::uint64_t compared = 0;                    ///< rows whose bytes were compared
  std::vector<std::string> differing;            ///< "incarnation 7, rows 65 to 128 on yard-b"
};

/// By node. `answer`: {"copies": [{"node": who keeps it, "of", "incarnation", "first", "last", "blocks"}]}.
[[nodiscard]] std::vector<copied_ledger> compare_copies(const boost::json::value& answer);

}  // namespace switchyard::ctl
