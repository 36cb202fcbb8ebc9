// Answers about money and decisions: the last decisions are its own, in memory; the ledger on disk is the ledger_writer's. Detached: it
// reads the disk.
#pragma once

#include "actors/decision_log.hpp"
#include "actors/ledger_answers.hpp"
#include "actors/messages.hpp"

namespace switchyard::actors {

struct ledger_actor_state {
  explicit ledger_actor_state(ledger_handle::stateful_pointer<ledger_actor_state> self) : self(self) {}

  void fold(const std::vector<request_record>& records);
  void configure(const config::config& effective);
  [[nodiscard]] admin_answer answer(const admin_question& question);
  [[nodiscard]] actor_line line();

  ledger_handle::stateful_pointer<ledger_actor_state> self;
  surroundings around;

 private:
  void emit_sampled(const request_record& record);

  decision_log decisions_{10000};
  ledger_check check_;
  std::int64_t event_second_ = 0;
  int events_in_second_ = 0;
};

ledger_handle::behavior_type ledger_actor(ledger_handle::stateful_pointer<ledger_actor_state> self, surroundings around);

}  // namespace switchyard::actors
