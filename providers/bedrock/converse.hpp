// The pieces of the `converse` dialect (converse_dialect.cpp puts them together): what request, answer and stream share.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_out.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::converse {

// ---- converse_media.cpp: what Bedrock calls the formats that others name by media type ----

enum class media { image, document, video, audio };

/// "\"image/png\"" for "\"png\""; of an unknown format a type made of it.
[[nodiscard]] neutral::json_text media_type_of(media kind, neutral::json_text format, neutral::arena& texts);
/// "png" for "image/png"; parameters are ignored. Empty: Bedrock has no such format.
[[nodiscard]] std::string_view format_of(media kind, std::string_view media_type) noexcept;
/// By a name's ending: "report.PDF" -> "pdf". Empty: none that Bedrock has.
[[nodiscard]] std::string_view format_of_name(media kind, std::string_view name) noexcept;
/// "image/heic" is an image; nullopt: neither image, video nor sound.
[[nodiscard]] std::optional<media> media_of(std::string_view media_type) noexcept;
/// As Bedrock demands: letters, digits, single blanks, '-', '(', ')', '[', ']', at most 200; what is nothing then is "document".
[[nodiscard]] std::string document_name(std::string_view wanted);

/// Standard base64 with its padding, as AWS's clients insist on?
[[nodiscard]] bool is_base64(std::string_view text) noexcept;
void append_base64(std::string& out, std::string_view bytes);

/// A JSON string of base64 for `data`, which may be base64 already. What is not (other makers' sealed thoughts) is wrapped, so that it
/// survives the client's decoding and encoding, and unwrapped when it comes back.
[[nodiscard]] neutral::json_text wrapped_blob(neutral::json_text data, neutral::arena& texts);
[[nodiscard]] neutral::json_text unwrapped_blob(neutral::json_text data, neutral::arena& texts);

// ---- converse_models.cpp: what a model's id tells ----

enum class family { other, claude, nova, gpt, qwen };
struct model_traits {
  converse::family family = family::other;
  bool adaptive_thinking = false;          ///< Claude from 4.6 on: thinks as much as it sees fit, guided by an effort
  bool one_sampling = false;               ///< Claude from 4.1 on: temperature or top_p, not both
  bool caches = false;                     ///< takes cache points
  bool assistant_first = false;            ///< a conversation may begin with the assistant
  bool lone_results = false;               ///< tool results share their message with nothing
  bool result_status = true;               ///< knows a tool result's status
};
[[nodiscard]] model_traits traits_of(std::string_view model) noexcept;

// ---- converse_read.cpp: content blocks as parts ----

/// Names of members nothing was made of go to `unknown`.
class block_reader {
 public:
  block_reader(neutral::arena& texts, std::vector<std::string_view>& unknown) : texts_(texts), unknown_(unknown) {}

  /// Appends what `block` says to `parts`. False: it is no object with one member.
  [[nodiscard]] bool read(neutral::json_text block, std::vector<neutral::part>& parts);
  /// A list of them; the index of the first that is none, or nullopt.
  [[nodiscard]] std::optional<std::size_t> read_all(neutral::json_text blocks, std::vector<neutral::part>& parts);

 private:
  void read_tool_use(neutral::json_text value, neutral::json_text block, std::vector<neutral::part>& parts);
  void read_tool_result(neutral::json_text value, std::vector<neutral::part>& parts);
  void read_media(media kind, neutral::json_text value, std::vector<neutral::part>& parts);
  void read_reasoning(neutral::json_text value, std::vector<neutral::part>& parts);
  void read_citations(neutral::json_text value, std::vector<neutral::part>& parts);
  void read_cache_point(neutral::json_text value, std::vector<neutral::part>& parts);
  void add_foreign(std::string_view name, neutral::json_text block, std::vector<neutral::part>& parts);

  neutral::arena& texts_;
  std::vector<std::string_view>& unknown_;
};

[[nodiscard]] neutral::finish_reason finish_of(neutral::json_text stop_reason) noexcept;
void read_usage(neutral::json_text object, neutral::token_counts& out) noexcept;
/// The cachePoint's ttl in the form others have: {"type":"ephemeral","ttl":"1h"}.
[[nodiscard]] neutral::json_text cache_control_of(neutral::json_text cache_point, neutral::arena& texts);

// ---- converse_write.cpp: parts as content blocks ----

/// Told before each block is written: opens the message it belongs to.
class block_place {
 public:
  virtual ~block_place() = default;
  virtual void before(const neutral::part& what) = 0;
};

class block_writer {
 public:
  enum class towards { provider, client };
  block_writer(json::out& out, neutral::dropped_fields& dropped, const model_traits& model, towards whom, block_place* place = nullptr)
      : out_(out), dropped_(dropped), model_(model), to_client_(whom == towards::client), place_(place) {}

  /// Nothing is written for parts that say nothing. A part that cannot be said and must not be dropped ends in refused().
  void write(const neutral::part& what);
  [[nodiscard]] const std::optional<error>& refused() const noexcept { return refused_; }

 private:
  void begin(const neutral::part& what, std::string_view key);
  void end();
  void write_text(const neutral::part& what);
  void write_media(media kind, const neutral::part& what);
  void write_tool_call(const neutral::part& what);
  void write_tool_result(const neutral::part& what);
  void write_reasoning(const neutral::part& what);
  void write_foreign(const neutral::part& what);
  void write_cache_point(const neutral::part& what, neutral::json_text control);
  void refuse(std::string message);
  [[nodiscard]] std::string unused_name(neutral::json_text wanted);

  json::out& out_;
  neutral::dropped_fields& dropped_;
  const model_traits& model_;
  bool to_client_;
  block_place* place_;
  neutral::arena texts_;
  std::vector<std::string> names_;         // of documents; Bedrock wants each once
  std::optional<error> refused_;
};

/// The id where it fits [a-zA-Z0-9_-]{1,64}, else one made of it, always the same.
void write_tool_id(json::out& out, neutral::json_text id);
/// A tool call's arguments as an object; a text that is none stands in {"input": ...}, nothing is {}.
void write_arguments(json::out& out, neutral::json_text arguments);
[[nodiscard]] std::string_view stop_reason_of(neutral::finish_reason finish) noexcept;
void write_usage(json::out& out, const neutral::token_counts& usage);
/// The members of one of Bedrock's citations from one of any format's; what is unknown leaves nothing.
void write_citation(json::out& out, neutral::json_text citation);

// ---- the four directions ----

[[nodiscard]] result<neutral::request> read_request(std::string_view body, neutral::arena& texts);
[[nodiscard]] outcome write_request(const neutral::request& what, const write_target& where, std::string& out, neutral::dropped_fields& dropped);
[[nodiscard]] result<neutral::answer> read_answer(std::string_view body, neutral::arena& texts);
void write_answer(const neutral::answer& what, std::string& out);
[[nodiscard]] std::unique_ptr<stream_reader> open_reader(std::string_view credential);
[[nodiscard]] std::unique_ptr<stream_writer> open_writer();

}  // namespace switchyard::providers::converse
