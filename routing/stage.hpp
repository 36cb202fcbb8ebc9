// A stage of a route: what its configuration compiled to, immutable, asked once per request by any number of threads.
//
//   run_stages(route, request) asks each stage in the user's order; each changes the decision and says so in a verdict.
// A stage may narrow (a guard that refuses), replace (a semantic or cost stage that names targets) or append (fallback).
#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "routing/yard.hpp"

#include <boost/container/small_vector.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::routing {

class signal_models;    // routing/signals/signal_models.hpp
class understanding;    // routing/signals/understanding.hpp
struct embedding_wish;  // routing/provider_vectors.hpp
struct provided_vectors;

/// a=b of x-switchyard-tags or of the virtual key.
struct request_tag {
  std::string_view name;
  std::string_view value;
};

/// What stages may know of a request. Views outlive the decision.
struct stage_request {
  const target* asked = nullptr;                 ///< the model the client named; null: it named a route
  std::span<const target> fallbacks;             ///< the client's own list; empty: the route's counts
  std::string_view region;
  std::int64_t output_tokens = 0;                ///< estimate
  understanding* known = nullptr;                ///< what the prompt says, found out when asked for; null: there is no prompt (status pages)
  std::string_view user;                         ///< the body's own field, else the virtual key's name
  std::span<const request_tag> tags;             ///< the first of a name counts
  const provided_vectors* provided = nullptr;    ///< of the stage that wants a provider's vectors; null: nobody asked for them
};

/// Something a guard found and let pass.
struct guard_finding {
  std::string_view check;                        ///< "pii", "jailbreak", "harmful"
  std::string_view action;                       ///< "flag", "mask", "block"
  float score = 0;
};

/// What the stages settled on. The spans point into stages and live as long as the route.
struct decision {
  config::balance_strategy strategy = config::balance_strategy::weighted;
  std::span<const target> targets;
  boost::container::small_vector<std::span<const target>, 2> fallbacks;   ///< in order, one span per stage that gave some
  std::optional<error> refusal;                  ///< a stage ended the request; no further stage was asked

  std::string_view named_by;                     ///< the kind of the stage that chose `targets` for this very request; "": none did
  std::string notes;                             ///< what such stages say of it, for the header: "semantic: category code 0.81 (next law 0.32)"
  boost::container::small_vector<guard_finding, 3> findings;
  std::uint32_t masked_kinds = 0;                ///< personal data to be masked on the way out: a bit per pii_kind

  void note(std::string_view text) {
    if (!notes.empty()) notes += "; ";
    notes += text;
  }
};

/// One line of `explain`: what a stage did and why.
struct verdict {
  std::string_view name;                         ///< lives as long as the stage
  std::string_view kind;
  std::string_view what;                         ///< a fixed word: "weighted", "appended", "skipped"
  std::string reason;                            ///< empty unless decision_context::explain
};

struct decision_context {
  const stage_request& request;
  decision& made;
  bool explain = false;                          ///< reasons are wanted; else a stage allocates nothing
};

/// How long each stage took. Only the caller knows a clock, and only if it wants to know is one read.
struct stage_times {
  using durations = std::vector<nanoseconds>;
  steady_time (*now)() = nullptr;
  durations took;                                ///< one per stage that was asked, in order
  bool wants_words = false;
  std::vector<std::string_view> words;           ///< verdict::what of each, if wanted; they live as long as the route
};

/// Named by its config, "balance" for one. A stage actor makes it and hands it to its route's actor.
class stage {
 public:
  stage(std::string_view kind, std::string name) : kind_(kind), name_(std::move(name)) {}
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;
  virtual ~stage() = default;

  /// A fixed word of the configuration: "balance", "fallback".
  [[nodiscard]] std::string_view kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// What it understands prompts with; null: it does not look at the prompt.
  [[nodiscard]] virtual std::shared_ptr<const signal_models> models() const { return nullptr; }

  /// Whose vectors it wants instead of the built-in embedding's; null: it wants none.
  [[nodiscard]] virtual const embedding_wish* embedding() const noexcept { return nullptr; }

  /// Changes context.made and says how. Takes microseconds, holds no lock, reads no clock.
  [[nodiscard]] virtual verdict decide(decision_context& context) const = 0;

 protected:
  [[nodiscard]] verdict say(std::string_view what, std::string reason = {}) const { return {name_, kind_, what, std::move(reason)}; }

 private:
  std::string_view kind_;
  std::string name_;
};

}  // namespace switchyard::routing
