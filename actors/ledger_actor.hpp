// Accounting in memory: sums since the start and the last decisions. Nothing here survives a restart.
#pragma once

#include "actors/decision_log.hpp"
#include "actors/messages.hpp"
#include "actors/spend.hpp"

namespace switchyard::actors {

struct ledger_actor_state {
  explicit ledger_actor_state(ledger_handle::stateful_pointer<ledger_actor_state> self) : self(self) {}

  void fold(const std::vector<request_record>& records);
  void configure(const config::config& effective);
  [[nodiscard]] admin_answer answer(const admin_question& question) const;
  [[nodiscard]] actor_line line();

  ledger_handle::stateful_pointer<ledger_actor_state> self;
  surroundings around;

 private:
  void emit_sampled(const request_record& record);
  [[nodiscard]] admin_answer spend_answer(std::string_view query) const;

  decision_log decisions_{10000};
  spend spend_;
  spend::tags_by_key tags_;
  std::int64_t event_second_ = 0;
  int events_in_second_ = 0;
};

ledger_handle::behavior_type ledger_actor(ledger_handle::stateful_pointer<ledger_actor_state> self, surroundings around);

}  // namespace switchyard::actors
