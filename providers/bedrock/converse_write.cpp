// Neutral parts as content blocks (the grammar stands in converse_read.cpp), for requests and for answers.
#include "providers/bedrock/converse.hpp"

#include <algorithm>

namespace switchyard::providers::converse {

using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

[[nodiscard]] bool says_nothing(json_text text, bool blanks_count) noexcept {
  auto inside = json::inside(text);
  if (blanks_count) return inside.empty();
  // Bedrock refuses text that is blank; escapes as they stand.
  while (!inside.empty()) {
    if (inside.front() == ' ')
      inside.remove_prefix(1);
    else if (inside.starts_with("\\n") || inside.starts_with("\\t") || inside.starts_with("\\r"))
      inside.remove_prefix(2);
    else
      return false;
  }
  return true;
}

[[nodiscard]] std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

/// Where a part's bytes are, once a data: URL is taken apart.
struct source {
  std::string_view type;                   ///< media type
  std::string_view data;                   ///< base64, as it stands between quotes
  std::string_view s3;                     ///< "s3://..."
};

[[nodiscard]] source source_of(const part& what) noexcept {
  source out{json::inside(what.media_type), json::inside(what.data), {}};
  const auto url = json::inside(what.url);
  if (url.starts_with("s3://")) out.s3 = url;
  for (const auto text : {url, out.data}) {   // some put a data: URL where the data belongs
    const auto comma = text.find(',');
    if (!text.starts_with("data:") || comma == std::string_view::npos) continue;
    const auto head = text.substr(5, comma - 5);
    out.data = text.substr(comma + 1);
    if (const auto type = head.substr(0, head.find(';')); !type.empty() && out.type.empty()) out.type = type;
  }
  return out;
}

constexpr std::string_view kind_names[] = {"image", "document", "video", "audio"};
constexpr std::string_view accepted[] = {"png, jpeg, gif and webp", "pdf, csv, doc, docx, xls, xlsx, html, txt and md",
                                         "mkv, mov, mp4, webm, flv, mpeg, mpg, wmv and 3gp", "wav, mp3, flac, ogg, opus, aac, m4a, webm and pcm"};

void write_s3(json::out& out, std::string_view uri) {
  out.key("s3Location");
  out.begin_object();
  out.key("uri");
  out.place(), (out.str() += '"') += uri, out.str() += '"', out.placed();
  out.end_object();
}

void write_quoted(json::out& out, std::string_view key, std::string_view inside) {
  out.key(key);
  out.place(), (out.str() += '"') += inside, out.str() += '"', out.placed();
}

}  // namespace

void block_writer::begin(const part& what, std::string_view key) {
  if (place_ != nullptr) place_->before(what);
  out_.begin_object();
  out_.key(key);
}

void block_writer::end() { out_.end_object(); }

void block_writer::refuse(std::string message) {
  if (!refused_) refused_ = client_error(error_code::invalid_request, std::move(message), "messages");
}

void block_writer::write(const part& what) {
  if (refused_) return;
  switch (what.kind) {
    case part_kind::text:
    case part_kind::refusal: write_text(what); break;
    case part_kind::image: write_media(media::image, what); break;
    case part_kind::audio: write_media(media::audio, what); break;
    case part_kind::video: write_media(media::video, what); break;
    case part_kind::file: write_media(media_of(json::inside(what.media_type)).value_or(media::document), what); break;
    case part_kind::tool_call: write_tool_call(what); break;
    case part_kind::tool_result: write_tool_result(what); break;
    case part_kind::reasoning:
    case part_kind::redacted_reasoning: write_reasoning(what); break;
    case part_kind::cache_point:
      if (!to_client_) write_cache_point(what, what.cache_control);
      return;
    case part_kind::foreign: write_foreign(what); break;
  }
  if (to_client_ || what.cache_control.empty()) return;
  if (model_.caches)
    write_cache_point(what, what.cache_control);
  else
    dropped_.add("cache_control");
}

void block_writer::write_text(const part& what) {
  if (says_nothing(what.text, to_client_)) return;
  if (!to_client_ && !what.original.empty() && !json::find(what.original, "guardContent").empty()) {
    begin(what, "guardContent");
    out_.raw(json::find(what.original, "guardContent"));
    return end();
  }
  if (!to_client_ && !what.citations.empty()) dropped_.add("messages.citations");
  if (!to_client_ || !json::has_entries(what.citations)) {
    begin(what, "text");
    out_.raw(what.text);
    return end();
  }
  begin(what, "citationsContent");
  out_.begin_object();
  out_.key("content");
  out_.begin_array();
  out_.begin_object();
  out_.raw("text", what.text);
  out_.end_object();
  out_.end_array();
  out_.key("citations");
  out_.begin_array();
  json::elements walk(what.citations);
  for (std::string_view citation; walk.next(citation);) write_citation(out_, citation);
  out_.end_array();
  out_.end_object();
  end();
}

void block_writer::write_media(media kind, const part& what) {
  const auto name = kind_names[static_cast<std::size_t>(kind)];
  const auto where = source_of(what);
  const bool plain_text = kind == media::document && where.data.empty() && where.s3.empty() && !what.text.empty();
  if (where.data.empty() && where.s3.empty() && !plain_text) {
    // A client gets the address, Bedrock would have to fetch it.
    if (to_client_) return write_text({.kind = part_kind::text, .text = what.url.empty() ? what.file_id : what.url});
    return refuse("Bedrock takes an " + std::string(name) + " as data or from S3, not by URL or file id; send its bytes (base64)");
  }
  auto format = format_of(kind, where.type);
  if (format.empty()) format = format_of_name(kind, !where.s3.empty() ? where.s3 : json::inside(what.name));
  if (format.empty() && plain_text) format = "txt";
  if (format.empty()) {
    if (to_client_) return;
    return refuse("Bedrock takes " + std::string(accepted[static_cast<std::size_t>(kind)]) + " as " + std::string(name) +
                  (where.type.empty() ? ", and the media type is missing" : ", not " + std::string(where.type.substr(0, 100))));
  }
  if (!what.detail.empty() && !json::is_text(what.detail, "auto")) dropped_.add("image_url.detail");

  begin(what, name);
  out_.begin_object();
  out_.text("format", format);
  if (kind == media::document) out_.text("name", unused_name(what.name));
  out_.key("source");
  out_.begin_object();
  if (!where.s3.empty()) {
    write_s3(out_, where.s3);
  } else if (plain_text) {
    out_.key("bytes");
    out_.place();
    out_.str() += '"';
    append_base64(out_.str(), json::unescape(what.text));
    out_.str() += '"';
    out_.placed();
  } else {
    write_quoted(out_, "bytes", where.data);
  }
  out_.end_object();
  out_.end_object();
  end();
}

std::string block_writer::unused_name(json_text wanted) {
  const auto base = document_name(json::unescape(wanted.empty() ? "\"\"" : wanted));
  auto name = base;
  for (int n = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++n) name = base.substr(0, 190) + ' ' + std::to_string(n);
  names_.push_back(name);
  return name;
}

void block_writer::write_tool_call(const part& what) {
  begin(what, "toolUse");
  out_.begin_object();
  out_.key("toolUseId");
  write_tool_id(out_, what.id);
  out_.raw("name", json::or_empty(what.name));
  out_.key("input");
  write_arguments(out_, what.arguments);
  out_.end_object();
  end();
}

void block_writer::write_tool_result(const part& what) {
  begin(what, "toolResult");
  out_.begin_object();
  out_.key("toolUseId");
  write_tool_id(out_, what.id);
  out_.key("content");
  out_.begin_array();
  const model_traits without_cache{.result_status = model_.result_status};   // there are no cache points inside of a result
  block_writer inside(out_, dropped_, without_cache, to_client_ ? towards::client : towards::provider);
  inside.names_ = std::move(names_);
  for (const auto& piece : what.content) {
    if (piece.kind == part_kind::audio)
      dropped_.add("messages.tool_result.audio");
    else
      inside.write(piece);
  }
  names_ = std::move(inside.names_);
  if (inside.refused_) refused_ = std::move(inside.refused_);
  out_.end_array();
  if (what.is_error && (model_.result_status || to_client_)) out_.text("status", "error");
  out_.end_object();
  end();
}

void block_writer::write_reasoning(const part& what) {
  if (what.kind == part_kind::redacted_reasoning) {
    if (what.data.empty()) return;
    // What no Bedrock model sealed, none can open.
    if (!to_client_ && !is_base64(json::inside(what.data))) return dropped_.add("messages.reasoning");
    begin(what, "reasoningContent");
    out_.begin_object();
    out_.raw("redactedContent", wrapped_blob(what.data, texts_));
    out_.end_object();
    return end();
  }
  // Claude refuses thoughts it has not signed, others refuse thoughts in a request altogether.
  if (!to_client_ && what.signature.empty()) return dropped_.add("messages.reasoning");
  if (says_nothing(what.text, true) && what.signature.empty()) return;
  begin(what, "reasoningContent");
  out_.begin_object();
  out_.key("reasoningText");
  out_.begin_object();
  out_.raw("text", what.text.empty() ? "\"\"" : what.text);
  out_.raw_if("signature", what.signature);
  out_.end_object();
  out_.end_object();
  end();
}

void block_writer::write_foreign(const part& what) {
  for (const std::string_view own : {"searchResult", "toolUse", "toolAddition", "toolRemoval", "guardContent"}) {
    const auto value = json::find(what.original, own);
    if (!json::is_object(value)) continue;
    begin(what, own);
    out_.raw(value);
    return end();
  }
  if (!to_client_) dropped_.add(json::is_string(what.name) ? json::inside(what.name) : what.name.empty() ? "messages.content" : what.name);
}

void block_writer::write_cache_point(const part& what, json_text control) {
  if (place_ != nullptr) place_->before({.kind = part_kind::cache_point, .cache_control = what.cache_control});
  out_.begin_object();
  out_.key("cachePoint");
  out_.begin_object();
  out_.text("type", "default");
  if (const auto ttl = json::find(control, "ttl"); json::has_text(ttl)) out_.raw("ttl", ttl);
  out_.end_object();
  out_.end_object();
}

void write_tool_id(json::out& out, json_text id) {
  const auto text = json::inside(id);
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_plain)) return out.raw(id);
  std::string made = "tooluse_";
  for (auto hash = fnv1a(text); made.size() < 24; hash <<= 4) made += "0123456789abcdef"[hash >> 60];
  out.text(made);
}

void write_arguments(json::out& out, json_text arguments) {
  if (json::is_object(arguments)) return out.raw(arguments);
  if (arguments.empty() || arguments == "\"\"" || json::is_null(arguments)) return out.raw("{}");
  out.begin_object();
  out.raw("input", arguments);
  out.end_object();
}

std::string_view stop_reason_of(neutral::finish_reason finish) noexcept {
  using neutral::finish_reason;
  switch (finish) {
    case finish_reason::tool_calls: return "tool_use";
    case finish_reason::length: return "max_tokens";
    case finish_reason::stop_sequence: return "stop_sequence";
    case finish_reason::content_filter:
    case finish_reason::refusal: return "content_filtered";
    case finish_reason::context_exceeded: return "model_context_window_exceeded";
    case finish_reason::malformed_call: return "malformed_tool_use";
    case finish_reason::none:
    case finish_reason::stop:
    case finish_reason::pause:
    case finish_reason::other: break;
  }
  return "end_turn";
}

void write_usage(json::out& out, const neutral::token_counts& usage) {
  const auto input = usage.input.value_or(0), output = usage.output.value_or(0);
  const auto beside_cache = input - usage.cached_input.value_or(0) - usage.cache_write.value_or(0);
  out.begin_object();
  out.number("inputTokens", std::max<std::int64_t>(0, beside_cache));
  out.number("outputTokens", output);
  out.number("totalTokens", input + output);
  if (usage.cached_input) out.number("cacheReadInputTokens", *usage.cached_input);
  if (usage.cache_write) out.number("cacheWriteInputTokens", *usage.cache_write);
  out.end_object();
}

void write_citation(json::out& out, json_text citation) {
  // Bedrock's own are told by their members; OpenAI's url_citation nests or not; Anthropic's have url, title and cited_text.
  if (!json::find(citation, "location").empty() || !json::find(citation, "sourceContent").empty()) return out.raw(citation);
  const auto nested = json::find(citation, "url_citation");
  const auto from = json::is_object(nested) ? nested : citation;
  auto title = json::find(from, "title");
  if (!json::is_string(title)) title = json::find(from, "document_title");
  const auto url = json::find(from, "url"), quote = json::find(from, "cited_text");
  out.begin_object();
  if (json::is_string(title)) out.raw("title", title);
  if (json::is_string(quote)) {
    out.key("sourceContent");
    out.begin_array();
    out.begin_object();
    out.raw("text", quote);
    out.end_object();
    out.end_array();
  }
  if (json::is_string(url)) {
    out.key("location");
    out.begin_object();
    out.key("web");
    out.begin_object();
    out.raw("url", url);
    out.end_object();
    out.end_object();
  }
  out.end_object();
}

}  // namespace switchyard::providers::converse
