#include "actors/provider_embedding.hpp"

#include "actors/own_exchange.hpp"
#include "actors/request_life.hpp"
#include "base/log.hpp"
#include "providers/embedding.hpp"
#include "providers/failure.hpp"
#include "providers/json_out.hpp"
#include "providers/json_scan.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::actors {

namespace {

constexpr std::size_t most_dimensions = 8'192;
constexpr milliseconds first_rest = seconds(1), longest_rest = std::chrono::minutes(5), longest_batch = seconds(60);

std::string body_of(const embedding_call& wanted) {
  std::string body;
  providers::json::out out(body);
  out.begin_object();
  out.text("model", wanted.model);
  out.key("input");
  out.begin_array();
  for (const auto& text : wanted.texts) {
    std::string quoted;
    providers::json::append_string(quoted, text);
    out.raw(quoted);
  }
  out.end_array();
  out.end_object();
  return body;
}

routing::provider_vector read_vector(std::string_view array) {
  auto made = std::make_shared<std::vector<float>>();
  providers::json::elements each(array);
  for (std::string_view one; each.next(one);) {
    double value = 0;
    const auto [end, failure] = std::from_chars(one.data(), one.data() + one.size(), value);
    if (failure != std::errc{} || end != one.data() + one.size() || made->size() == most_dimensions) return nullptr;
    made->push_back(static_cast<float>(value));
  }
  return routing::make_unit(*made) ? made : nullptr;
}

result<std::vector<routing::provider_vector>> read_vectors(const std::string& body, std::size_t wanted) {
  if (auto valid = providers::valid_json(body); !valid) return std::move(valid.failure());   // what reads it takes that for granted
  providers::neutral::arena texts;
  auto answer = providers::openai_embedding_dialect().read_answer(body, texts);
  if (!answer) return std::move(answer.failure());
  std::vector<routing::provider_vector> out;
  for (const auto vector : answer->vectors) {
    auto read = read_vector(providers::vector_as_numbers(vector, texts));
    if (!read || (!out.empty() && read->size() != out.front()->size())) return upstream_failure(error_code::upstream_error, "the provider sent a vector that is none");
    out.push_back(std::move(read));
  }
  if (out.size() != wanted) return upstream_failure(error_code::upstream_error, "the provider sent another number of vectors than it was asked for");
  return out;
}

error problem_of(const own_exchange& x) {
  error what = upstream_failure(error_code::upstream_error, "the provider could not be asked");
  if (x.status() == 0) return what;
  what.status = x.status();
  const auto told = providers::json::find(x.answer(), "error");
  const auto message = providers::json::find(told, "message"), code = providers::json::find(told, "code");
  if (providers::json::is_string(message)) what.message = providers::json::unescape(message);
  if (code == "\"rate_limited\"") what.code = error_code::rate_limited;
  if (code == "\"no_healthy_upstream\"") what.code = error_code::no_healthy_upstream;
  return what;
}

}  // namespace

net::task<result<std::vector<routing::provider_vector>>> ask_for_vectors(thread_context& here, embedding_call wanted) {
  own_request own;
  own.yard = here.yard.get();
  own.route = std::move(wanted.books);
  // A reload may have come since the books were looked up: rows refer to a route of the yard they are kept with.
  for (const auto& route : own.yard->routes)
    if (route->embeds && route->embeds->name == own.route->name) own.route = route->embeds;
  auto where = own.yard->find_target(wanted.model);
  if (!where) co_return std::move(where.failure());
  own.where = std::move(*where);
  own.deadline = here.thread.now() + wanted.limit;
  own_exchange x(here.thread, "/v1/embeddings", body_of(wanted));
  request_life life(here, x, providers::openai_ingress());
  const providers::operation_target operation{.operation = providers::api::embeddings};
  co_await life.run_own(operation, own);
  if (x.status() != 200) co_return problem_of(x);
  co_return read_vectors(x.answer(), wanted.texts.size());
}

void prompt_vectors::ask(embedding_call wanted, const vector_book::prompt_key& key, std::function<void(const prompt_answer&)> landed) {
  const auto under_way = flights_.find(key);
  if (under_way != flights_.end()) return under_way->second.push_back(std::move(landed));
  if (flights_.size() >= most_calls) return landed({nullptr, "too many calls for vectors are under way", true});
  flights_[key].push_back(std::move(landed));
  net::detach(call(std::move(wanted), key));
}

net::task<void> prompt_vectors::call(embedding_call wanted, vector_book::prompt_key key) {
  auto made = co_await ask_for_vectors(here_, std::move(wanted));
  prompt_answer answer;
  if (made) {
    answer.vector = std::move(made->front());
    book_->keep_prompt(key, answer.vector);
  } else {
    answer.limited = made.failure().code == error_code::rate_limited || made.failure().code == error_code::no_healthy_upstream;
    answer.problem = made.failure().message;
  }
  const auto waiting = std::move(flights_.extract(key).mapped());
  for (const auto& landed : waiting) landed(answer);
}

net::task<void> fetch_examples(thread_context& here, std::shared_ptr<vector_book> book, std::string model, std::uint64_t generation) {
  auto rest = first_rest;
  const auto stale = [&] { return book->generation() != generation || here.draining.load(std::memory_order_relaxed); };
  while (!stale()) {
    auto batch = book->next_batch(model);
    if (batch.texts.empty()) {
      log::info("example_vectors_ready", "a provider's vectors of all examples are there", {{"model", model}});
      co_return;
    }
    embedding_call wanted{std::move(batch.books), model, batch.texts, longest_batch};
    auto made = co_await ask_for_vectors(here, std::move(wanted));
    if (made) {
      book->keep_examples(model, batch.texts, std::move(*made));
      rest = first_rest;
      continue;
    }
    log::warn("example_vectors_missing", "a provider's vectors of examples could not be fetched; the built-in embedding serves",
              {{"model", model}, {"why", made.failure().message}, {"again_in_ms", static_cast<std::int64_t>(rest.count())}});
    co_await here.thread.sleep(rest);
    rest = std::min(rest * 2, longest_rest);
  }
}

}  // namespace switchyard::actors
