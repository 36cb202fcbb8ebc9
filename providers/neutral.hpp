// A request, an answer and the events of a stream apart from any API's format: what every dialect reads into and writes from.
//
// Text is never unescaped on the way: a json_text is one JSON value as it stands in the body it came from (or in an arena), and a JSON
// string means the same in every format. So translating copies each byte once, into the target's body.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::neutral {

/// One valid JSON value, quotes or brackets included; empty: the request or answer does not have it.
using json_text = std::string_view;

/// Owns the texts that translating had to make; views into them live as long as it does.
class arena {
 public:
  /// Keeps `text` and gives a lasting view of it.
  std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }
  /// `text` as a JSON string, quoted and escaped.
  json_text quote(std::string_view text);

 private:
  std::deque<std::string> kept_;
};

/// A setting with the name the client gave it ("max_tokens", "generationConfig.topK"), for saying that it was dropped.
struct setting {
  json_text value;
  std::string_view name;                 ///< static or in the arena
  explicit operator bool() const noexcept { return !value.empty(); }
};

enum class part_kind : std::uint8_t {
  text,                 ///< text, citations?
  image,                ///< data + media_type, or url, or file_id; detail?
  audio,                ///< data + media_type
  video,                ///< likewise, or url
  file,                 ///< a PDF or other document: data + media_type, or url, or file_id, or text; name?
  tool_call,            ///< id, name, arguments (an object), signature? (Gemini)
  tool_result,          ///< id, name?, content, is_error
  reasoning,            ///< text (visible thoughts or their summary), signature?; data: proves it to OpenAI alone (encrypted_content)
  redacted_reasoning,   ///< data: opaque, only its maker can read it
  refusal,              ///< text
  cache_point,          ///< Bedrock's marker: everything up to here is to be cached
  foreign,              ///< something only its own format knows (hosted tool calls, …): `original`, `name` says what for people
};

/// What every API that talks has a place for.
[[nodiscard]] constexpr bool is_speech(part_kind kind) noexcept {
  return kind == part_kind::text || kind == part_kind::refusal || kind == part_kind::reasoning || kind == part_kind::tool_call;
}

// Citations are OpenAI's chat annotations, one object per source, in the order of the text they support:
//
//   citation = {"type":"url_citation","url_citation":{"url":S,"title":S,"start_index":N,"end_index":N,"content"?:S}, raw?}
//            | {"type":"file_citation","file_citation":{"filename"?:S,"file_id"?:S,"content"?:S,"start_index"?:N,"end_index"?:N}, raw?}
//   raw      = "anthropic":{…} | "google":{…} | …     the source format's own object, so that its writer can give it back whole
//
// url, title and both indexes are always there ("" and 0 where the source does not say); indexes count characters of the part's text;
// `content` is the cited passage.

/// A piece of a message. Which members a kind has is said at part_kind; all are JSON values: strings with their quotes.
struct part {
  part_kind kind = part_kind::text;
  json_text text;
  json_text media_type;                  ///< "image/png"
  json_text data;                        ///< base64
  json_text url;
  json_text file_id;
  json_text name;                        ///< a tool's or a file's
  json_text id;                          ///< a tool call's, as its maker named it; a reasoning item's
  json_text arguments;                   ///< object
  json_text signature;                   ///< proves a reasoning part or a tool call to its maker
  json_text detail;                      ///< image: "low", "high", "auto"
  json_text citations;                   ///< text: array of citations, see below
  json_text cache_control;               ///< Anthropic's object {"type":"ephemeral","ttl"?}; others derive theirs from its presence
  bool is_error = false;                 ///< tool_result
  std::vector<part> content;             ///< tool_result
  json_text original;                    ///< foreign; else the source's own form, where that says more than this struct
  json_text context;                     ///< file: what the model is to know of it
  json_text cite;                        ///< file: true: the model is to cite from it
};

enum class role : std::uint8_t { system, developer, user, assistant };

/// Tool results are parts of the user's turn; results of one turn stand in one message.
struct message {
  neutral::role role = role::user;
  json_text name;                        ///< a participant's name
  std::vector<part> parts;
};

struct tool {
  json_text name;
  json_text description;
  json_text parameters;                  ///< JSON Schema object; empty: no arguments
  json_text strict;                      ///< true/false
  json_text cache_control;
  json_text original;                    ///< a hosted tool (web search, code execution, …) that only its own format knows; `kind` names it
  std::string_view kind;                 ///< "" for functions
  json_text stands_for;                  ///< the client's own tool, of another shape, that this function plays (custom, a namespace's, …)
};

enum class tool_mode : std::uint8_t { unset, automatic, none, required, named };
enum class output_shape : std::uint8_t { text, json_object, json_schema };

struct output_format {
  output_shape shape = output_shape::text;
  json_text schema;                      ///< JSON Schema object
  json_text name;
  json_text description;
  json_text strict;
};

/// How much the model is to think before it answers.
struct reasoning_wish {
  json_text effort;                      ///< "none", "minimal", "low", "medium", "high", "xhigh"
  std::optional<std::int64_t> budget;    ///< tokens; 0: off; -1: the model decides
  json_text summary;                     ///< "auto", "concise", "detailed"
  std::optional<bool> show;              ///< thoughts are to be in the answer
  std::string_view name;                 ///< the client's field, for saying that it was dropped
  [[nodiscard]] bool given() const noexcept { return !effort.empty() || budget || !summary.empty() || show; }
};

/// A generation request. Views point into the client's body or the arena given to the reader.
struct request {
  std::vector<message> messages;         ///< system and developer messages at their places
  std::vector<tool> tools;
  tool_mode choice = tool_mode::unset;
  json_text chosen_tool;                 ///< tool_mode::named; also with `required`: a list (array) of allowed names
  std::optional<bool> parallel_tool_calls;
  output_format format;
  reasoning_wish reasoning;
  bool stream = false;
  bool wants_usage = true;               ///< chat streams without include_usage: false

  setting max_output_tokens, temperature, top_p, top_k, stop /* array of strings */, seed, choices /* n */;
  setting frequency_penalty, presence_penalty, logprobs /* bool */, top_logprobs, logit_bias;
  setting user, metadata /* object */, service_tier, verbosity, prediction, store, modalities, audio, safety_settings, cached_content;
  setting previous_response;             ///< state kept by the provider (responses): cannot be translated
  setting guardrail, performance;        ///< Bedrock

  /// Members that this request has and this struct does not: the client's names, so that none is lost silently.
  std::vector<std::string_view> unknown;
  /// Members as they came, for formats whose answers repeat the request (responses); `value` and `name` as in a setting.
  std::vector<setting> originals;
};

/// Token counts; `input` includes what was read from and written to a cache, `output` includes reasoning. nullopt: not said.
struct token_counts {
  std::optional<std::int64_t> input, output, cached_input, cache_write, reasoning, input_audio, output_audio;
};

enum class finish_reason : std::uint8_t {
  none, stop, stop_sequence, length, tool_calls, content_filter, refusal, pause, context_exceeded, malformed_call, other
};

struct choice {
  std::vector<part> parts;
  finish_reason finish = finish_reason::none;
  json_text stop_sequence;               ///< which one
  json_text logprobs;                    ///< OpenAI's form {"content":[…]}
};

/// A complete answer.
struct answer {
  json_text id;
  json_text model;
  std::optional<std::int64_t> created;   ///< Unix seconds
  std::vector<choice> choices;           ///< usually one
  token_counts usage;
  json_text service_tier;
  json_text fingerprint;                 ///< OpenAI's system_fingerprint
  std::vector<std::string_view> unknown; ///< members of the provider's answer nothing was made of (for tests and logs)
};

enum class event_kind : std::uint8_t {
  start,        ///< id, model; first
  part_begin,   ///< part (kind, id, name, signature), index: a new part; indexes grow from 0, parts may interleave
  delta,        ///< index, text: more of the part's text (text, reasoning, refusal) or arguments (tool_call): a JSON string whose
                ///< content is to be appended. `signature`, `citations` may come with it (text then may be empty). `logprobs` for text
  part_end,     ///< index
  finish,       ///< finish, stop_sequence; choice
  counts,       ///< usage so far: later figures replace earlier ones
  end           ///< the stream's own end marker or its clean close; last
};

/// One event; views are valid until the reader's next feed(). A reader gives part_begin before any delta of a part and part_end for
/// each part before finish (missing in the source: it makes them up). Foreign parts come whole: part_begin (original) and part_end.
struct event {
  event_kind kind = event_kind::delta;
  std::uint32_t choice = 0;
  std::uint32_t index = 0;               ///< of the part within its choice
  neutral::part part;                    ///< part_begin
  json_text text;
  json_text signature;
  json_text citations;
  json_text logprobs;
  json_text id;                          ///< start
  json_text model;                       ///< start
  std::optional<std::int64_t> created;   ///< start
  finish_reason finish = finish_reason::none;
  json_text stop_sequence;
  token_counts usage;                    ///< start (some know the input already), counts
  json_text service_tier;
};

struct embedding_request {
  std::vector<json_text> inputs;         ///< JSON strings, or arrays of token numbers
  bool single = false;                   ///< the input was not a list
  setting dimensions, encoding_format, task_type, title, user, input_type, truncation;
  std::vector<std::string_view> unknown;
};

struct embedding_answer {
  std::vector<json_text> vectors;        ///< arrays of numbers, or base64 strings of little-endian float32
  json_text model;
  token_counts usage;
};

/// What a target's format cannot say: the client's field names, each once, in order. Printed in x-switchyard-dropped. Names that do not
/// fit in there are not kept: a body may hold any number of them.
class dropped_fields {
 public:
  void add(std::string_view name);
  void add_if(const setting& what) {
    if (what) add(what.name);
  }
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  [[nodiscard]] std::string list() const;   ///< "a,b"; at most 1,000 characters, then ",..." ends it

 private:
  std::vector<std::string> names_;
  std::size_t size_ = 0;   // of names_, a comma between two
  bool more_ = false;
};

}  // namespace switchyard::providers::neutral
