// A wire format towards providers and an ingress format towards clients. One file per format; registry.hpp lists them.
//
// Knows bytes and JSON, no sockets. Same-format pairs forward the client's bytes and edit only what must change.
#pragma once

#include "base/clock.hpp"
#include "base/header.hpp"
#include "base/money.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "providers/api_request.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

class dialect;             // dialect.hpp
class embedding_dialect;   // embedding.hpp

/// Token counts as the provider reports them; nullopt: it did not say. `input` includes what a cache gave or took.
struct usage {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> cached_input;   ///< read from a cache
  // Parts of the above that may have prices of their own.
  std::optional<std::int64_t> cache_write = {};      ///< written to a cache
  std::optional<std::int64_t> cache_write_1h = {};
  std::optional<std::int64_t> audio_input = {};
  std::optional<std::int64_t> audio_output = {};
  std::int64_t images = 0;                           ///< generated ones in the answer
};

/// Where and with which credential a call goes.
struct call_target {
  std::string_view base_url;               ///< "https://api.openai.com" or with a path prefix
  std::string_view model;                  ///< as the provider knows it
  const config::key_config* key = nullptr;
  const config::provider_config* provider = nullptr;
  wall_time now{};                         ///< signatures carry the time
};

/// The request to send: `body` pieces are sent in order without being joined; they point into the client's body or `storage`.
struct upstream_request {
  std::string method = "POST";
  std::string path;                        ///< with the base URL's prefix and any query
  std::vector<std::pair<std::string, std::string>> headers;   ///< credential and content type; not host, not framing
  std::vector<std::string_view> body;
  std::vector<std::unique_ptr<std::string>> storage;
  bool hide_usage = false;                 ///< usage was asked for by us: give this to open_stream()
};

/// What an unsuccessful answer means. (Mirrors routing::call_result without depending on it.)
enum class failure_kind { request_refused, rate_limited, quota_exhausted, unauthorized, server_error, bad_response };

struct failure {
  failure_kind kind = failure_kind::server_error;
  error what;                              ///< message as the provider gave it, credentials masked
  milliseconds retry_after{0};             ///< retry-after, retry-after-ms or x-ratelimit-reset-*; 0: not said; capped at 1 h
  std::string body_for_client;             ///< request_refused in the client's own error shape: the body to pass on, credentials
                                           ///< masked; empty: write one from `what`
};

/// The provider's rate-limit headers (x-ratelimit-*, and Anthropic's and Groq's spellings).
struct rate_limit_report {
  std::optional<std::int64_t> requests_limit, requests_remaining;
  std::optional<std::int64_t> tokens_limit, tokens_remaining;
  milliseconds requests_reset{0}, tokens_reset{0};

  /// Least remaining/limit, 0..1; 1 when nothing is known.
  [[nodiscard]] double headroom() const noexcept;
  /// How long the key must rest because something remaining is 0; 0: not at all.
  [[nodiscard]] milliseconds rest_for() const noexcept;
};
/// Resets given as RFC 3339 time stamps (Anthropic) count from `now`.
[[nodiscard]] rate_limit_report read_rate_limit_headers(std::span<const header> headers, wall_time now) noexcept;
/// "7", "1.5s", "6m0s", "250ms", HTTP dates excluded (0). Capped at 1 h.
[[nodiscard]] milliseconds parse_reset_duration(std::string_view text) noexcept;
/// retry-after-ms, then retry-after in seconds or as an HTTP date relative to `now`. 0: absent. Capped at 1 h.
[[nodiscard]] milliseconds read_retry_after(std::span<const header> headers, wall_time now) noexcept;

/// What one piece of a stream amounts to.
struct stream_step {
  std::vector<std::string_view> forward;   ///< for the client, in order; valid until the next feed() or more()
  bool more = false;                       ///< long events do not stand in memory as a whole: ask more() for what follows, before the next feed()
  bool content = false;                    ///< content (text, tool call, reasoning) has been seen, now or earlier
  bool finished = false;                   ///< the stream's own end marker has been seen
  std::optional<failure> problem;          ///< the provider reported an error inside the stream; it is not in `forward`

  /// Forwards `bytes`. Neighbours become one piece: fewer pieces to write.
  void pass_on(std::string_view bytes) {
    if (!forward.empty() && forward.back().data() + forward.back().size() == bytes.data()) forward.back() = {forward.back().data(), forward.back().size() + bytes.size()};
    else forward.push_back(bytes);
  }
};   // All `forward` of a feed() and its more() together are whole events.

/// Follows one response stream event by event. Survives any split of the bytes; holds back at most one unfinished event, long ones packed.
class stream_decoder {
 public:
  virtual ~stream_decoder() = default;
  /// An event longer than 8 MiB is a problem of kind bad_response.
  virtual const stream_step& feed(std::string_view bytes) = 0;
  /// What follows a step whose `more` is set; the bytes fed are still needed. Default: nothing.
  virtual const stream_step& more();
  /// Usage as reported so far.
  [[nodiscard]] virtual const usage& reported() const noexcept = 0;
  /// Output tokens estimated from the content seen (for streams that end without usage).
  [[nodiscard]] virtual std::int64_t estimated_output_tokens() const noexcept = 0;
  /// The body ended cleanly without `finished`: what was still due, and whether the stream may count as finished after all (formats
  /// without an end marker). Default: nothing more.
  virtual const stream_step& close();
  /// The event that tells the client of a failure after content has gone out, where it must fit what was sent before (sequence
  /// numbers, an open array). Empty: ingress::stream_error() will do.
  [[nodiscard]] virtual std::string failure_event(const error&) { return {}; }
  /// What of the answer the client's format has no place for, so far: "answer.image,answer.audio". Empty: nothing.
  [[nodiscard]] virtual std::string lost() const { return {}; }
};

/// Gives `take` that step of the decoder's and all that follow it.
template <class Take>
void take_all(stream_decoder& decoder, const stream_step& first, Take&& take) {
  for (const auto* step = &first;; step = &decoder.more()) {
    take(*step);
    if (!step->more) return;
  }
}

/// What a call is for, where a translated body has to be addressed.
enum class purpose { generate, embed };

/// A format spoken to providers.
class wire {
 public:
  virtual ~wire() = default;
  [[nodiscard]] virtual config::wire_format format() const noexcept = 0;
  /// Does this provider take that operation's bodies as they come? Else the request is translated into native().
  [[nodiscard]] virtual bool takes(api operation, const config::provider_config& provider) const noexcept = 0;
  /// What requests of other formats are translated into.
  [[nodiscard]] virtual const dialect& native(const config::provider_config& provider) const noexcept = 0;
  /// Likewise for embeddings; nullptr: it has none.
  [[nodiscard]] virtual const embedding_dialect* native_embedding() const noexcept { return nullptr; }
  /// An operation it takes: the client's bytes, edited only where they must be.
  [[nodiscard]] virtual upstream_request encode(const api_request& request, const call_target& where) const = 0;
  /// Method, path and headers for a translated body, which stands in `message.body` already.
  virtual void address(upstream_request& message, purpose what_for, bool stream, const call_target& where) const = 0;
  /// Fields of the client's head that may go along when the formats are the same: {"anthropic-beta"}.
  [[nodiscard]] virtual std::span<const std::string_view> client_headers() const noexcept { return {}; }
  /// Fields of the provider's head a client of the same format may see.
  [[nodiscard]] virtual std::span<const std::string_view> provider_headers() const noexcept { return {}; }
  /// Is a 2xx answer of that content type one of its streams?
  [[nodiscard]] virtual bool is_stream(std::string_view content_type) const noexcept;
  /// For a status outside 2xx, or a 2xx whose body is not what it should be. `credential`: the key that was used, never repeated
  /// in the failure whatever it looks like (what looks like a key is masked anyway).
  [[nodiscard]] virtual failure classify(int status, std::span<const header> headers, std::string_view body, wall_time now,
                                         std::string_view credential = {}) const = 0;
  /// A complete 2xx body: its usage, or an error when it is not a JSON object or is an error in a 200. It may quote the provider:
  /// bad_answer() of failure.hpp comes before anyone sees it.
  [[nodiscard]] virtual result<usage> inspect(api operation, std::string_view body) const = 0;
  /// `hide_usage`: the usage-only chunk was forced by us and must not reach the client. `credential` as in classify().
  [[nodiscard]] virtual std::unique_ptr<stream_decoder> open_stream(api operation, bool hide_usage,
                                                                    std::string_view credential = {}) const = 0;
};

/// A format spoken by clients.
class ingress {
 public:
  virtual ~ingress() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Validates the whole body (UTF-8, depth <= 64, no duplicate top-level key) and reads the facts.
  /// `body` must have 64 readable bytes after its end (simdjson padding); their content does not matter.
  [[nodiscard]] virtual result<api_request> parse(const operation_target& where, std::string_view body) const = 0;
  /// Where the path says no more than the operation.
  [[nodiscard]] result<api_request> parse(api operation, std::string_view body) const { return parse(operation_target{.operation = operation}, body); }
  /// {"error":{"message","type","param","code"}} in this format.
  [[nodiscard]] virtual std::string error_body(const error& what) const = 0;
  /// The event that ends a broken stream in this format, complete with its blank line; never a normal end marker.
  [[nodiscard]] virtual std::string stream_error(api operation, const error& what) const = 0;
  /// The list of models, ids as "provider/model" or a route's name.
  struct model_row {
    std::string id;
    std::string owned_by;
  };
  [[nodiscard]] virtual std::string models_body(std::span<const model_row> models) const = 0;
  [[nodiscard]] virtual std::string model_body(const model_row& model) const = 0;
  /// The answer of an operation that only counts tokens, made from our own estimate.
  [[nodiscard]] virtual std::string count_body(std::int64_t input_tokens) const;
  /// The head field that this format's clients read the request's id from, beside x-request-id; empty: none.
  [[nodiscard]] virtual std::string_view request_id_header() const noexcept { return {}; }
  /// Of its error bodies sent before a stream began, and of its streams when they are relayed as they come.
  [[nodiscard]] virtual std::string_view stream_content_type(const api_request&) const noexcept { return "text/event-stream; charset=utf-8"; }
  /// Head fields an error answer of this format carries ({"x-amzn-errortype", "ThrottlingException"}).
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> error_headers(const error&) const { return {}; }
};

}  // namespace switchyard::providers
