// The guard stage: personal data, jailbreaks and harmful content in what the client sends: flagged, masked or refused. If it is told to,
// personal data and harmful content in answers, too: flagged or withheld.
#pragma once

#include "routing/stage.hpp"

namespace switchyard::routing::stages {

[[nodiscard]] result<std::shared_ptr<const stage>> make_guard(const config::guard_stage_config& config,
                                                              std::shared_ptr<const signal_models> models);

/// Is it a guard that judges answers?
[[nodiscard]] bool judges_answers(const stage& of) noexcept;

struct answer_judgement {
  boost::container::small_vector<guard_finding, 3> findings;   ///< "answer_pii", "answer_harmful"
  std::optional<error> refusal;                  ///< the answer is not to be sent
};
/// `known` is of the answer's text. Precondition: judges_answers(of).
[[nodiscard]] answer_judgement judge_answer(const stage& of, understanding& known);

}  // namespace switchyard::routing::stages
