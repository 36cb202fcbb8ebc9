// A dialect is the grammar of one API's bodies: it reads and writes requests, answers and streams as neutral ones.
//
//   client's body --read_request--> neutral::request --write_request--> provider's body
//   client's answer <--write_answer-- neutral::answer <--read_answer-- provider's answer        streams: event by event, likewise
//
// Five of them: chat and responses in openai/, messages in anthropic/, generate_content in gemini/, converse in bedrock/; and, towards
// providers only, Cohere's in cohere/.
// A dialect knows no credentials, paths or errors' meanings: those are a wire's (towards providers) and an ingress's (towards clients).
#pragma once

#include "base/result.hpp"
#include "providers/neutral.hpp"
#include "providers/packed_text.hpp"
#include "providers/wire.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers {

/// What a writer towards a provider must know beside the request.
struct write_target {
  std::string_view model;                ///< as the provider knows it
  const config::provider_config* provider = nullptr;   ///< for quirks; may be null
};

/// What a writer towards a client must know beside the answer.
struct answer_context {
  std::string_view request_id;           ///< ours; for ids where the provider gave none
  std::string_view model;                ///< as the client asked for it; used when the provider's answer names none
  std::int64_t created = 0;              ///< Unix seconds; used when the provider's answer has none
  bool include_usage = true;             ///< chat streams: the client wants the usage chunk
  bool as_array = false;                 ///< Gemini streams without alt=sse: one JSON array
  const neutral::request* asked = nullptr;   ///< for formats that repeat the request in their answer (responses); may be null
};

/// Reads one provider stream into neutral events. Survives any split of the bytes; holds at most one unfinished event (8 MiB), and of one
/// that only repeats what was streamed before no more than 64 KiB.
class stream_reader {
 public:
  virtual ~stream_reader() = default;
  /// Appends the events that `bytes` complete to `out`. Their views live until the next feed() or close(). A failure inside the stream
  /// (error event, malformed event) is returned as `problem`; nothing comes after it.
  [[nodiscard]] virtual std::optional<failure> feed(std::string_view bytes, std::vector<neutral::event>& out) = 0;
  /// The body ended cleanly. Appends what was still due (part_end, finish?, end) if the stream may count as whole: formats without an end
  /// marker of their own end so; in others a missing end marker leaves `end` out.
  virtual void close(std::vector<neutral::event>& out) = 0;
};

/// Writes one client stream from neutral events. Holds no text longer than the format forces it to, and that packed.
class stream_writer {
 public:
  virtual ~stream_writer() = default;
  /// From now on long texts that the writer holds anyway may be put into `lent`, in order, instead of into write()'s `out`. They live as
  /// long as the writer, which is told nothing new while they are in use. Who calls this empties `lent` and `out` together.
  virtual void lend_to(std::vector<lent_text>* /*lent*/) {}
  /// Appends the bytes of whole events to `out`; may be nothing.
  virtual void write(const neutral::event& what, std::string& out) = 0;
  /// The bytes that tell the client of a failure after content has gone out: the format's own error event, fitting what was written
  /// before; never a normal end.
  virtual void fail(const error& what, std::string& out) = 0;
};

class dialect {
 public:
  virtual ~dialect() = default;
  /// "messages": for logs and tables.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// `body` is valid JSON (the ingress has checked it) and an object. A request that makes no sense in its own format is refused with
  /// the field's name; `model` and the stream flag of path-addressed formats are the ingress's business.
  [[nodiscard]] virtual result<neutral::request> read_request(std::string_view body, neutral::arena& texts) const = 0;
  /// Appends the provider's body to `out`. What the format cannot say goes to `dropped`; what it must have gets a documented default.
  /// An error (invalid_request naming the client's field) where dropping would change the meaning.
  [[nodiscard]] virtual outcome write_request(const neutral::request& what, const write_target& where, std::string& out,
                                              neutral::dropped_fields& dropped) const = 0;

  /// A complete 2xx body, JSON throughout (valid_json() of failure.hpp): slices of it stand in what is written of it. Errors as wire::inspect()
  /// gives them.
  [[nodiscard]] virtual result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts) const = 0;
  virtual void write_answer(const neutral::answer& what, const answer_context& context, std::string& out) const = 0;
  /// Can a client of this format be shown that part of an answer? What it cannot be shown is left out, and reported.
  [[nodiscard]] virtual bool has_place_for(const neutral::part& what, bool in_stream) const noexcept = 0;

  /// `credential` is never repeated in a failure's message.
  [[nodiscard]] virtual std::unique_ptr<stream_reader> open_reader(std::string_view credential) const = 0;
  [[nodiscard]] virtual std::unique_ptr<stream_writer> open_writer(const answer_context& context) const = 0;
  /// Of the streams this dialect writes: "text/event-stream; charset=utf-8".
  [[nodiscard]] virtual std::string_view stream_content_type(const answer_context&) const noexcept { return "text/event-stream; charset=utf-8"; }
};

enum class answers_per_request : std::uint8_t { one, several };
/// What every writer towards a provider refuses first, by one rule: state that another provider keeps, and more choices than its format
/// has. Left out, either would change what is asked; the next target may be able to.
[[nodiscard]] std::optional<error> refuse_unanswerable(const neutral::request& what, answers_per_request most);   // dialect.cpp
/// Adds "answer.image" and the like to `lost` unless `to` has a place for the part.
void note_if_lost(const dialect& to, const neutral::part& what, bool in_stream, neutral::dropped_fields& lost);

[[nodiscard]] const dialect& chat_dialect() noexcept;               // openai/chat_dialect.cpp
[[nodiscard]] const dialect& completions_dialect() noexcept;        // openai/completions_dialect.cpp: the legacy text API
[[nodiscard]] const dialect& responses_dialect() noexcept;          // openai/responses_dialect.cpp
[[nodiscard]] const dialect& messages_dialect() noexcept;           // anthropic/messages_dialect.cpp
[[nodiscard]] const dialect& generate_content_dialect() noexcept;   // gemini/generate_content_dialect.cpp
[[nodiscard]] const dialect& converse_dialect() noexcept;           // bedrock/converse_dialect.cpp
[[nodiscard]] const dialect& cohere_dialect() noexcept;             // cohere/chat_dialect.cpp: towards providers only

}  // namespace switchyard::providers
