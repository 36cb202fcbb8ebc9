// Asking a provider's embeddings API on the node's own account: for a route's examples, in the background, and for prompts.
//
// A call is a request like a client's (POST /v1/embeddings), translated where the provider has another format, and goes the same way: a key is
// chosen among healthy ones within their limits, other keys are tried, breakers and metrics hear of it, and the ledger has its rows, under the
// route "NAME/embedding" and no virtual key.
#pragma once

#include "actors/data_plane.hpp"
#include "actors/vector_book.hpp"
#include "net/task.hpp"

#include <memory>
#include <string>
#include <vector>

namespace switchyard::actors {

struct embedding_call {
  std::shared_ptr<const routing::route_entry> books;   ///< route_entry::embeds of a route that wants the vectors
  std::string model;                             ///< "provider/model"
  std::vector<std::string> texts;
  milliseconds limit = seconds(10);              ///< for all of it
};
/// Unit vectors in the order of the texts, all of one length. An error says what went wrong, in words fit for `explain`.
[[nodiscard]] net::task<result<std::vector<routing::provider_vector>>> ask_for_vectors(thread_context& here, embedding_call wanted);

/// Tells `landed` of one prompt's vector, once (null: `problem` says why). Asks at most once at a time for the same text; a vector that comes
/// after its asker has gone on is kept all the same.
struct prompt_answer {
  routing::provider_vector vector;
  std::string problem;
  bool limited = false;                          ///< nobody was asked: limits or breakers
};
class prompt_vectors {
 public:
  static constexpr std::size_t most_calls = 64;  // under way at once, of one thread

  prompt_vectors(thread_context& here, std::shared_ptr<vector_book> book) : here_(here), book_(std::move(book)) {}
  [[nodiscard]] vector_book& book() noexcept { return *book_; }
  void ask(embedding_call wanted, const vector_book::prompt_key& key, std::function<void(const prompt_answer&)> landed);

 private:
  [[nodiscard]] net::task<void> call(embedding_call wanted, vector_book::prompt_key key);

  thread_context& here_;
  std::shared_ptr<vector_book> book_;
  std::map<vector_book::prompt_key, std::vector<std::function<void(const prompt_answer&)>>> flights_;
};

/// Asks `model` for what is missing until nothing is, or a later config has come. Failures are logged and waited out: 1 s, doubling up to 5 min.
[[nodiscard]] net::task<void> fetch_examples(thread_context& here, std::shared_ptr<vector_book> book, std::string model, std::uint64_t generation);

}  // namespace switchyard::actors
