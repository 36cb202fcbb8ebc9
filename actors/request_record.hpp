// What an I/O thread reports of one finished request: the unit of accounting, metrics and decisions.
#pragma once

#include "base/ids.hpp"
#include "base/money.hpp"
#include "base/result.hpp"
#include "routing/call_outcome.hpp"
#include "routing/signals/findings.hpp"
#include "routing/stage.hpp"
#include "routing/yard.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::actors {

/// One call to a provider within a request.
struct attempt_record {
  std::shared_ptr<const routing::key_entry> key;
  std::string model;
  routing::call_outcome outcome;
  int status = 0;                                ///< the provider's HTTP status; 0: none came
  std::string problem;                           ///< "" when it went well; never holds a secret
};

/// What was found out of a prompt and what the stages said: written as JSON only when somebody asks for it (signals_json.hpp).
struct request_details {
  struct stage_word {
    std::string_view stage, word;                ///< fixed words
    nanoseconds took{0};
  };
  std::shared_ptr<const routing::signal_models> models;   ///< some of the findings' words are theirs
  routing::signal_findings signals;
  boost::container::small_vector<stage_word, 6> stages;
  boost::container::small_vector<routing::guard_finding, 3> guard;
  std::string_view vectors;                      ///< request_record::embedding
};

enum class request_ending : std::uint8_t { ok, error, client_gone };

struct request_record {
  request_id id;
  wall_time at{};
  std::shared_ptr<const routing::route_entry> route;   ///< null: it was refused before a route was known
  std::string virtual_key;                       ///< name; "" none
  std::string_view operation;                    ///< "chat_completions"; a literal
  std::string requested_model;
  std::vector<attempt_record> attempts;          ///< in order; the last one answered, if any did
  int status = 0;                                ///< sent to the client; 499 when it left first
  std::string error_code;                        ///< the contract's error.code or ""
  request_ending ending = request_ending::ok;
  bool stream = false;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  bool tokens_estimated = false;                 ///< the provider gave no usage
  providers::usage_counts used;                  ///< what is priced: the above with the parts that have prices of their own
  std::optional<nano_usd> cost;                  ///< nullopt: price unknown
  nano_usd saved = 0;                            ///< what the route's baseline would have cost, less `cost`; below 0: it would have cost less. Of a
                                                 ///< cache hit: what asking again would have cost
  std::string_view saved_by = "routing";         ///< what saved it: "routing", "cache", "cascade"; a literal
  std::string_view cache = "bypass";             ///< "hit", "semantic-hit", "miss", "bypass": a literal
  std::string_view embedding;                    ///< what came of the wish for a provider's vectors (request_vectors.cpp): a literal; "" there was none
  bool unpriced = false;                         ///< it was answered, and its price is unknown
  microseconds duration{0};
  microseconds overhead{0};                      ///< duration less waiting for the provider and for the client
  microseconds first_token{0};                   ///< streams: request -> first content out; 0: none
  std::string decision;                          ///< the x-switchyard-decision line
  boost::container::small_vector<routing::guard_finding, 3> findings;   ///< the guard's
  std::shared_ptr<const request_details> details;   ///< null: nobody looked at the prompt
  std::string prompt;                            ///< the query, cut; only when telemetry.decision_log.prompts is on
  routing::stage_times::durations stage_times;   ///< one per stage of the route that was asked, in order
};

}  // namespace switchyard::actors
