// Owns the virtual keys. One change after the other:
//
//   admin --admin_asked--> virtual_keys --errand--> ledger's writer --virtual_key_written--> virtual_keys
//                                       --virtual_keys_changed--> supervisor (publishes the yard) --> the admin API is answered
// While the supervisor compiles a config, changes wait until it says how that ended. In a cluster a change goes to the others by the board, and theirs come
// as virtual_keys_learned: in force at once and on disk soon after; one that the disk did not take is learned again.
#pragma once

#include "actors/messages.hpp"
#include "actors/virtual_key_book.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace switchyard::actors {

struct virtual_keys_actor_state {
  surroundings around;
  caf::actor_addr supervisor;
  std::unique_ptr<virtual_key_book> book;
  std::size_t keys = 0;                          ///< as last published

  bool busy = false;                             ///< a change or a compilation is under way
  std::deque<std::function<void()>> waiting;

  // The change under way.
  virtual_key_book::change change;
  std::string what;                              ///< "created", for the log
  std::shared_ptr<answer_once> answer;

  std::vector<cluster::shared_record> learned;   ///< of other nodes, not in force yet

  // The compilation under way.
  std::uint64_t compiling = 0;                   ///< its number; 0: none
  std::uint64_t last_settled = 0;
  std::shared_ptr<const config::config> next;
  std::shared_ptr<const routing::virtual_key_set> offered;
};

virtual_keys_handle::behavior_type virtual_keys_actor(virtual_keys_handle::stateful_pointer<virtual_keys_actor_state> self, surroundings around,
                                                      caf::actor_addr supervisor);

}  // namespace switchyard::actors
