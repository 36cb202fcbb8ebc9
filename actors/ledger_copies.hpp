// Which ledger rows stand on this node's disk, its own and other nodes', for comparing them: {"copies": [{"of", "incarnation", "first", "last", "blocks"}]}.
// `blocks` has the SHA-256 of the newest whole blocks of 64 rows (1 - 64, 65 - 128, ...), by their first row. No CAF.
#pragma once

#include "actors/actor_world.hpp"
#include "actors/ledger_writer.hpp"

#include <string>

namespace switchyard::actors {

/// GET ledger/copies/rows: rows that this node keeps of another one, from `first` on: what a ledger that was lost is made of again. Query: of, incarnation, first.
[[nodiscard]] admin_answer kept_rows_answer(const ledger_writer& ledger, const std::string& query);
/// GET ledger/copies. Reads at most some 10,000 rows.
[[nodiscard]] admin_answer ledger_copies_answer(const ledger_writer& ledger, const std::string& node);

}  // namespace switchyard::actors
