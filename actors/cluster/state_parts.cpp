#include "actors/cluster/state_parts.hpp"

#include "actors/cluster/config_part.hpp"
#include "actors/cluster/health_part.hpp"
#include "actors/cluster/ledger_part.hpp"
#include "actors/cluster/virtual_key_part.hpp"
#include "actors/events_json.hpp"

namespace switchyard::actors {

namespace {

/// To the key's actor, or to its breaker's; nobody hears it while that one is being replaced.
template <class Handle, class Message>
void tell(const std::shared_ptr<address_book>& book, const routing::key_entry& key, Handle directory::key_row::*whom, const Message& message) {
  const auto who = book->current().who;
  if (!who) return;
  for (const auto& row : who->keys)
    if (row.entry->state == key.state && row.*whom) caf::anon_send(row.*whom, message);
}

}  // namespace

std::unique_ptr<cluster_part> wired_health_part(const surroundings& around) {
  health_part::key_actors actors;
  actors.parked = [book = around.book](const routing::key_entry& key, const peer_parked& told) { tell(book, key, &directory::key_row::key, told); };
  actors.learned = [book = around.book](const routing::key_entry& key, const routing::key_measure& others) { tell(book, key, &directory::key_row::key, others); };
  actors.advise = [book = around.book](const routing::key_entry& key, const breaker_advice& advice) { tell(book, key, &directory::key_row::breaker, advice); };
  return std::make_unique<health_part>(std::move(actors));
}

std::unique_ptr<cluster_part> wired_config_part(const surroundings& around) {
  config_part::surroundings own;
  const auto& hooks = around.world->hooks;
  own.env = config::process_environment();
  own.own = hooks.own_config;
  own.file_text = hooks.config_text ? hooks.config_text() : std::string();
  own.apply = hooks.apply_config;
  own.tell = [around](std::string_view what, const std::string& why) {
    around.emit(event_json("config", wall_now(), {{"what", what}, {what == "in_force" ? "version" : "why", why}}));
  };
  return std::make_unique<config_part>(around.world->board, std::move(own));
}

std::unique_ptr<cluster_part> wired_virtual_key_part(const surroundings& around) {
  virtual_key_part::surroundings own;
  own.stored = [ledger = around.world->ledger] { return stored_virtual_key_records(ledger->newest()); };
  own.learned = [book = around.book, board = around.world->board](std::vector<cluster::shared_record> records) {
    if (const auto keys = book->current().virtual_keys)
      caf::anon_send(keys, virtual_keys_learned{std::move(records)});
    else
      board->virtual_keys_begin = true;          // it is being replaced: told of everything with the next tick that finds it
  };
  return std::make_unique<virtual_key_part>(around.world->board, std::move(own));
}

std::unique_ptr<cluster_part> wired_ledger_part(const surroundings& around) { return std::make_unique<ledger_part>(around.world->ledger); }

}  // namespace switchyard::actors
