// The life of one request, from admission to settlement. Read run() in request_life.cpp from top to bottom.
#pragma once

#include "actors/data_plane.hpp"
#include "actors/provider_embedding.hpp"
#include "actors/request_cache.hpp"
#include "actors/request_mask.hpp"
#include "actors/tap_exchange.hpp"
#include "net/upstream.hpp"
#include "providers/translation.hpp"
#include "providers/wire.hpp"
#include "routing/provider_vectors.hpp"
#include "routing/request_prompt.hpp"
#include "routing/route_plan.hpp"
#include "routing/selection.hpp"

#include <boost/container/small_vector.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::actors {

/// A request on the node's own account: nobody's credential, no stages, no cache.
struct own_request {
  std::shared_ptr<const routing::yard> yard;
  std::shared_ptr<const routing::route_entry> route;   ///< what it is booked under
  routing::target where;
  steady_time deadline;
};

/// One per request; lives on its I/O thread for as long as the exchange.
///
///   admit -> understand -> stages -> choose key -> call -> relay -> settle
///                                        ^          |
///                                        +- failover-+   only while nothing was sent to the client
class request_life {
 public:
  /// `format`: the client's.
  request_life(thread_context& here, net::exchange& x, const providers::ingress& format);

  /// `wanted` must outlive it.
  [[nodiscard]] net::task<void> run(const providers::operation_target& wanted);
  /// Likewise; `own` too must outlive it.
  [[nodiscard]] net::task<void> run_own(const providers::operation_target& wanted, const own_request& own);
  /// An answer that needs no provider.
  [[nodiscard]] net::task<void> refuse(error what);
  /// GET /v1/models and /v1/models/{id}; `id` "" lists all.
  [[nodiscard]] net::task<void> list_models(std::string_view id);

 private:
  /// How one attempt ended.
  enum class attempt_end { answered, client_left, try_next, give_up };

  [[nodiscard]] std::optional<error> admit();
  [[nodiscard]] net::task<std::optional<error>> understand(const providers::operation_target& wanted);
  [[nodiscard]] net::task<bool> answer_count();
  [[nodiscard]] std::optional<error> plan();
  [[nodiscard]] net::task<attempt_end> attempt(const routing::picked_key& pick);
  [[nodiscard]] result<providers::upstream_request> encode(const routing::picked_key& pick, const providers::wire& to);
  void note_lost(std::string_view names);
  [[nodiscard]] net::task<attempt_end> call_provider(const routing::picked_key& pick, attempt_record& report, steady_time begun);
  [[nodiscard]] net::task<attempt_end> relay_whole(net::upstream_call& call, const net::response_head& head, attempt_record& report);
  [[nodiscard]] providers::answer_context answer_context() const;
  [[nodiscard]] net::task<attempt_end> relay_stream(net::upstream_call& call, const net::response_head& head, attempt_record& report, bool hide_usage);
  [[nodiscard]] net::task<attempt_end> relay_refusal(providers::failure& problem, attempt_record& report);
  attempt_end unrecorded(attempt_record& report);
  attempt_end attempt_failed(const routing::picked_key& pick, attempt_record& report, const error& why, milliseconds retry_after);
  attempt_end call_broke(const routing::picked_key& pick, net::upstream_call& call, attempt_record& report, const error& why);
  attempt_end provider_failed(const routing::picked_key& pick, attempt_record& report, const providers::failure& problem);
  void read_limits(const routing::picked_key& pick, const net::response_head& head);
  [[nodiscard]] net::task<void> answer_error(error what);
  void settle(int status, std::string_view error_code, request_ending ending);

  // request_stages.cpp: what the route's stages are told and say
  using tag_list = boost::container::small_vector<routing::request_tag, 8>;
  [[nodiscard]] routing::stage_request stage_facts(tag_list& tags);
  [[nodiscard]] std::optional<error> decide();
  [[nodiscard]] std::optional<error> refuse_target(const routing::selection_request& wanted, const routing::decision& made) const;
  [[nodiscard]] std::optional<error> mask_texts(std::uint32_t kinds);
  [[nodiscard]] std::unique_ptr<providers::stream_restorer> open_restorer() const;
  void note_details();

  // request_vectors.cpp: a provider's vectors for the semantic stage
  [[nodiscard]] net::task<void> fetch_vectors();
  [[nodiscard]] net::task<void> wait_for_vector(embedding_call wanted, vector_book::prompt_key key, milliseconds timeout);

  // request_cache.cpp: answering from the cache, and keeping what it is answered with
  [[nodiscard]] bool may_ask_cache() const;
  [[nodiscard]] net::task<bool> answer_from_cache(const providers::operation_target& wanted);
  void begin_cache_visit(const providers::operation_target& wanted, const config::cache_stage_config& told);
  [[nodiscard]] std::string owner_elsewhere() const;
  [[nodiscard]] net::task<routing::answer_cache::finding> ask_owner(const std::string& owner);
  [[nodiscard]] net::task<bool> wait_for_the_same(const routing::cache_hash& exact);
  [[nodiscard]] net::task<bool> give_stored(const routing::answer_cache::finding& found);
  void keep_answer();

  // request_budget.cpp: what a virtual key means for it
  [[nodiscard]] std::optional<error> admit_key(std::string_view credential);
  [[nodiscard]] std::optional<error> read_tags(std::string_view given);
  [[nodiscard]] std::optional<error> admit_model();
  [[nodiscard]] bool needs_money() const noexcept;
  [[nodiscard]] std::int64_t most_output_tokens() const noexcept;
  [[nodiscard]] nano_usd worst_at(const routing::provider_entry& provider, const std::string& model) const;
  [[nodiscard]] net::task<std::optional<error>> reserve_money();
  [[nodiscard]] std::optional<error> top_up(const routing::picked_key& pick);
  attempt_end not_affordable(error why, attempt_record& report);
  void settle_limits(steady_time now);

  // request_guard.cpp: answers before a guard
  [[nodiscard]] const routing::stage* answer_guard() const;
  [[nodiscard]] std::optional<error> judge_answer(const routing::stage& guard, std::string_view answer, bool streamed);
  [[nodiscard]] net::task<attempt_end> withhold_answer(error what, attempt_record& report);

  // request_ledger.cpp: what the ledger is told
  [[nodiscard]] net::task<bool> record_hit(const routing::cache_entry& entry);
  [[nodiscard]] ledger_entry entry_of(const routing::key_entry* key, const std::string& model) const;
  [[nodiscard]] bool is_charged(routing::call_result result) const noexcept;
  [[nodiscard]] ledger_entry settlement_of(const attempt_record& report, bool last) const;
  void settle_entry(ledger_entry& entry, const attempt_record& report, bool last) const;
  [[nodiscard]] ledger_entry open_row(const routing::picked_key& pick);
  void reserve_row(const routing::picked_key& pick);
  [[nodiscard]] net::task<bool> reserve_durable_row(const routing::picked_key& pick);
  /// Must the answer's last bytes wait for seal_row()?
  [[nodiscard]] bool must_seal_row() const noexcept { return row_open_ && here_.ledger.holds_answers(); }
  [[nodiscard]] net::task<bool> seal_row(const attempt_record& report);
  void settle_row(bool last);

  void note_usage(const providers::usage& reported, std::int64_t estimated_output);
  void price_it(const routing::picked_key& pick);
  using header_list = boost::container::small_vector<header, 24>;   // as many as an answer has: no memory of their own
  [[nodiscard]] static std::span<const header> fields_of(const header_list& list) noexcept { return {list.data(), list.size()}; }
  [[nodiscard]] header_list answer_headers(std::string_view content_type, bool with_cost);
  [[nodiscard]] microseconds overhead() const;

  thread_context& here_;
  tap_exchange tap_;
  net::exchange& x_ = tap_;
  std::shared_ptr<const routing::yard> yard_;
  const providers::ingress& ingress_;

  request_record record_;
  const own_request* own_ = nullptr;             // null: a client's
  const routing::virtual_key_entry* virtual_key_ = nullptr;
  std::int64_t reserved_tokens_ = 0;             // from the virtual key's tpm
  steady_time reserved_at_{};
  nano_usd money_ = 0;                           // reserved from the virtual key's budgets; 0: nothing
  std::shared_ptr<const std::map<std::string, std::string>> tags_;   // the client's and the virtual key's; null: the key's alone
  steady_time deadline_ = steady_time::max();
  steady_time ready_at_{};                       // the body had arrived: overhead counts from here
  microseconds away_{0};                         // waiting for providers, backing off, for the client
  providers::api_request request_;
  providers::neutral_view asked_{request_};      // read when a provider of another format is to answer
  bool translates_ = false;                      // the running attempt's provider has another format
  std::string dropped_;                          // what its format cannot say
  routing::route_plan planned_;                  // what the stages are told of is in it until the selection takes it over
  std::unique_ptr<routing::provided_vectors> provided_;       // null: no stage of the route wants a provider's vectors
  std::unique_ptr<routing::understood_request> understood_;   // null: no stage of the route looks at the prompt
  std::vector<std::string_view> verdicts_;       // of the stages
  std::unique_ptr<request_mask> mask_;           // null: nothing of the request was masked
  std::optional<routing::selection> selection_;
  std::unique_ptr<cache_visit> cache_;           // the route has a cache, and the client did not decline
  const routing::picked_key* pick_ = nullptr;    // the running attempt
  std::optional<error> last_error_;
  bool content_sent_ = false;
  bool settled_ = false;
  std::uint8_t attempt_number_ = 0;              // of the newest row, from 1
  bool row_open_ = false;                        // it is reserved and not settled
  ledger_inlet::place reserved_row_{};           // where its reservation is, unless it was handed over

  // What the answer's headers point into.
  char id_text_[36];
  std::string decision_;
  std::string cache_note_;                       // why a stored answer was given
  std::string similarity_text_;
  std::string attempts_text_;
  std::string overhead_text_;
  std::string cost_text_;
  std::string retry_after_text_;
};

}  // namespace switchyard::actors
