// A provider's vectors for a route whose semantic stage wants them: kept ones, else one call that is waited for no longer than the stage says.
//
// The result is one word, counted and told (metrics, the decision log): provider, cached; or why the built-in embedding served: timeout,
// limited (rate limits, breakers), error, not_ready (the examples' vectors are still on their way).
#include "actors/request_life.hpp"

#include "actors/provider_embedding.hpp"
#include "routing/printable.hpp"

namespace switchyard::actors {

namespace {

constexpr std::size_t longest_problem = 120;

}  // namespace

net::task<void> request_life::fetch_vectors() {
  if (!here_.vectors || providers::is_embedding(request_.operation) || providers::is_count(request_.operation)) co_return;
  tag_list tags;
  const auto asked = stage_facts(tags);
  const auto need = routing::vector_needed(*record_.route, asked);
  if (!need) co_return;
  const auto& wish = *need->wish;
  auto& book = here_.vectors->book();
  auto made = std::make_unique<routing::provided_vectors>();
  auto& out = *made;
  provided_ = std::move(made);
  out.examples = book.examples_of(wish);
  if (!out.examples) {
    out.why_not = "the provider's vectors of the examples are not there yet";
    record_.embedding = "not_ready";
    co_return;
  }
  const auto key = vector_book::key_of(wish.model, need->text);
  record_.embedding = "cached";
  out.query = book.find_prompt(key);
  if (!out.query) {
    embedding_call wanted{record_.route->embeds, wish.model, {need->text}};
    co_await wait_for_vector(std::move(wanted), key, wish.timeout);
  }
  if (out.query && out.query->size() != out.examples->dimensions()) {
    out.query = nullptr;
    out.why_not = "the provider's vectors have changed their length";
    record_.embedding = "error";
  }
}

net::task<void> request_life::wait_for_vector(embedding_call wanted, vector_book::prompt_key key, milliseconds timeout) {
  auto& out = *provided_;
  const auto from = here_.thread.now();
  const auto box = std::make_shared<net::mailbox<std::optional<prompt_answer>>>(here_.thread);
  const auto left = std::min(timeout, std::chrono::duration_cast<milliseconds>(deadline_ - from));
  here_.vectors->ask(std::move(wanted), key, [box](const prompt_answer& landed) { box->put(landed); });
  net::io_thread::timer patience;
  here_.thread.arm(patience, std::max(left, milliseconds(1)), [box] { box->put(std::nullopt); });
  x_.on_client_gone([box] { box->put(std::nullopt); });
  const auto answer = co_await box->take();
  x_.on_client_gone({});
  away_ += std::chrono::duration_cast<microseconds>(here_.thread.now() - from);
  if (answer && answer->vector) {
    out.query = answer->vector;
    record_.embedding = "provider";
  } else if (answer) {
    out.why_not = routing::printable(answer->problem, longest_problem);
    record_.embedding = answer->limited ? "limited" : "error";
  } else {
    out.why_not = "the provider took longer than " + std::to_string(left.count()) + " ms";
    record_.embedding = "timeout";
  }
}

}  // namespace switchyard::actors
