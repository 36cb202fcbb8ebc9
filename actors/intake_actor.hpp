// Where batches of finished requests arrive: each key's actors get their calls, ledger and metrics the whole batch.
#pragma once

#include "actors/messages.hpp"

#include <unordered_map>

namespace switchyard::actors {

struct intake_actor_state {
  std::shared_ptr<address_book> book;
  std::shared_ptr<const directory> who;
  std::unordered_map<std::uint32_t, std::size_t> row_of;   ///< key_state::id -> place in who->keys
  std::uint64_t batches = 0;
};

intake_handle::behavior_type intake_actor(intake_handle::stateful_pointer<intake_actor_state> self,
                                          std::shared_ptr<address_book> book);

}  // namespace switchyard::actors
