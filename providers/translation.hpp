// Between a client of one format and a provider of another: requests, answers and streams through the neutral form.
#pragma once

#include "providers/dialect.hpp"
#include "providers/embedding.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::providers {

/// What the client asked, in the neutral form: read once, when the first provider of another format needs it.
class neutral_view {
 public:
  /// `request` must outlive this.
  explicit neutral_view(const api_request& request) : request_(request) {}
  neutral_view(const neutral_view&) = delete;
  neutral_view& operator=(const neutral_view&) = delete;

  /// Precondition: the operation generates text.
  [[nodiscard]] const result<neutral::request>& generation();
  /// Precondition: the operation is an embedding.
  [[nodiscard]] const result<neutral::embedding_request>& embedding();

 private:
  const api_request& request_;
  std::unique_ptr<neutral::arena> texts_;   // on demand: most requests are not translated
  std::optional<result<neutral::request>> generation_;
  std::optional<result<neutral::embedding_request>> embedding_;
};

/// The request in the wire's own format, addressed. An error (invalid_request) when that provider cannot be asked this at all.
[[nodiscard]] result<upstream_request> translate_request(const api_request& request, neutral_view& asked, const wire& to, const call_target& where,
                                                         neutral::dropped_fields& dropped);

struct translated_answer {
  std::string body;                        ///< in the client's format
  usage counts;
  neutral::dropped_fields lost;            ///< parts of the answer that the client's format has no place for
};
/// A provider's complete 2xx body for the client. Errors as wire::inspect() gives them, for bad_answer() of providers/failure.hpp.
[[nodiscard]] result<translated_answer> translate_answer(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider,
                                                         std::string_view body, const answer_context& context);
/// Likewise when the client wanted a stream and the provider sent a whole answer.
[[nodiscard]] result<translated_answer> translate_answer_to_stream(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider,
                                                                   std::string_view body, const answer_context& context);
/// A complete answer as the events of a stream.
void write_as_stream(const neutral::answer& whole, stream_writer& writer, std::string& out);
/// Follows the provider's stream and gives the client's. `context` views must outlive it.
[[nodiscard]] std::unique_ptr<stream_decoder> translate_stream(const api_request& request, neutral_view& asked, const wire& from, const config::provider_config& provider,
                                                               const answer_context& context, std::string_view credential);

}  // namespace switchyard::providers
