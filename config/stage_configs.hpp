// What the stages of a route are told by the configuration: one struct per stage, all of them in stage_config.
#pragma once

#include "base/clock.hpp"
#include "config/source_position.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace switchyard::config {

enum class balance_strategy { weighted, round_robin, least_connections, lowest_latency, lowest_cost, geo, adaptive };

/// "provider/model" with a share among its stage's targets.
struct weighted_target {
  std::string target;
  double weight = 1.0;
  source_position at;
};

/// balance: {strategy: adaptive, targets: [openai/gpt-4o, {target: openai/gpt-4o-mini, weight: 0.05}]}
struct balance_stage_config {
  balance_strategy strategy = balance_strategy::weighted;
  std::vector<weighted_target> targets;          ///< empty: the target comes from the request or the fallback list's head
};

/// fallback: [anthropic/claude-sonnet-4-5, openai/gpt-4o]
struct fallback_stage_config {
  std::vector<std::string> targets;
  std::vector<source_position> at;               ///< one per target
};

/// What a guard does about a finding; mask is for pii only.
enum class guard_action { off, flag, mask, block };

/// guard: {pii: flag, jailbreak: block, harmful: flag}
struct guard_stage_config {
  guard_action pii = guard_action::flag;
  guard_action jailbreak = guard_action::flag;
  guard_action harmful = guard_action::flag;
  std::vector<std::string> pii_kinds;            ///< "email", "phone", ...; empty: all
  double jailbreak_threshold = 0.5;              ///< [0, 1]: a score from here on is a finding
  double harmful_threshold = 0.5;
  bool answers = false;                          ///< judge the providers' answers too
};

/// Who may be given an answer that another request of the same route and model was given.
enum class cache_scope { virtual_key, route, global };

/// cache: {threshold: 0.95, ttl: 1h, scope: virtual_key}
struct cache_stage_config {
  double threshold = 0.95;                       ///< cosine from which a stored answer to a like prompt may be given; (0, 1]
  milliseconds ttl = std::chrono::hours(1);
  cache_scope scope = cache_scope::virtual_key;
  bool semantic = true;                          ///< false: only requests that are the same
  std::optional<double> max_wrong_rate;          ///< keep wrong hits under this share, by checking some hits in the background
  double verify_share = 0.05;                    ///< share of semantic hits that are checked when max_wrong_rate is set
};

/// One category of the semantic stage: what its requests look like, and who answers them.
struct semantic_category {
  std::string name;
  std::vector<std::string> examples;
  std::string target;                            ///< "provider/model"
  std::optional<double> threshold;               ///< the stage's when left out
  source_position at;
};

/// Vectors from a provider instead of the built-in ones: embedding: {provider: openai/text-embedding-3-small, timeout: 300ms}
struct embedding_source {
  std::string provider;                          ///< "provider/model"
  milliseconds timeout = milliseconds(300);      ///< then the built-in embedding serves
  source_position at;
};

/// semantic: {threshold: 0.45, categories: [{name: code, examples: ["..."], target: anthropic/claude-sonnet-4-5}]}
struct semantic_stage_config {
  double threshold = 0.45;                       ///< similarity from which a category is chosen
  double margin = 0;                             ///< the best must be ahead of the next by this much
  int top_k = 1;                                 ///< nearest examples of a category that count (routing/stages/semantic.cpp has the formula)
  std::vector<semantic_category> categories;
  std::string model;                             ///< file of `switchyardctl train category`; empty: the examples alone
  std::string fallback;                          ///< "provider/model" for what fits no category; empty: later stages decide
  std::optional<embedding_source> embedding;
};

/// "> 0.7", ">= 1000", "0.2..0.8", "3"; a missing end is open.
struct number_range {
  std::optional<double> least;
  std::optional<double> most;
  bool least_excluded = false;
  bool most_excluded = false;

  [[nodiscard]] bool holds(double value) const noexcept {
    if (least && (least_excluded ? value <= *least : value < *least)) return false;
    if (most && (most_excluded ? value >= *most : value > *most)) return false;
    return true;
  }
};

/// One line of an intent rule's `when`: a number within a range, or one of some words.
struct signal_condition {
  std::string signal;                            ///< "domain", "complexity", "safety.pii", "tags.team", ...
  std::variant<number_range, std::vector<std::string>> wanted;
  source_position at;
};

/// Every condition must hold.
struct intent_rule {
  std::string name;
  std::vector<signal_condition> when;
  std::string target;                            ///< "provider/model"
  source_position at;
};

/// intent: {rules: [{name: hard-law, when: {domain: [law], complexity: ">= 0.7"}, target: openai/gpt-4o}]}
struct intent_stage_config {
  std::vector<intent_rule> rules;                ///< the first that matches decides
  std::string domain_model;                      ///< file of `switchyardctl train domain` that takes the place of the built-in domains; empty: those
};

struct stage_config {
  std::variant<balance_stage_config, fallback_stage_config, guard_stage_config, cache_stage_config, semantic_stage_config, intent_stage_config> what;
  source_position at;
};

}  // namespace switchyard::config
