#include "providers/gemini/citations.hpp"

#include "providers/gemini/field.hpp"

#include <algorithm>
#include <bit>

namespace switchyard::providers::gemini {

namespace {

constexpr std::string_view no_text = R"("")";

/// The code unit of the four digits at `at`.
[[nodiscard]] unsigned code_unit(std::string_view text, std::size_t at) noexcept {
  unsigned unit = 0;
  for (std::size_t i = at; i < std::min(at + 4, text.size()); ++i) {
    const char c = text[i];
    unit = unit * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return unit;
}

[[nodiscard]] std::size_t count_of(std::string_view value) noexcept {
  return static_cast<std::size_t>(json::as_count(value).value_or(0));
}

/// One citation of a source: a chunk of the grounding, or an entry of citationMetadata itself.
void write_citation(std::string_view chunk, std::size_t start, std::size_t end, json::out& out) {
  auto source = find_field(chunk, "web");
  const auto retrieved = find_field(chunk, "retrievedContext");
  if (source.empty()) source = find_field(chunk, "maps");
  if (source.empty()) source = retrieved.empty() ? chunk : retrieved;
  const auto uri = find_field(source, "uri");
  const auto title = find_field(source, "title");
  const auto content = find_field(source, "text");
  const bool is_url = json::has_text(uri);
  if (!is_url && retrieved.empty()) return;
  out.begin_object();
  out.text("type", is_url ? "url_citation" : "file_citation");
  out.key(is_url ? "url_citation" : "file_citation");
  out.begin_object();
  if (is_url) {
    out.raw("url", uri);
    out.raw("title", title.empty() ? no_text : title);
  } else {
    out.raw_if("filename", title);
  }
  out.number("start_index", static_cast<std::int64_t>(start));
  out.number("end_index", static_cast<std::int64_t>(end));
  if (json::is_string(content) && (!retrieved.empty())) out.raw("content", content);
  out.end_object();
  out.end_object();
}

}  // namespace

void text_index::add(neutral::json_text text) {
  const auto inside = json::inside(text);
  for (std::size_t i = 0; i < inside.size();) {
    if (const auto plain = json::plain_characters(inside.substr(i)); plain != 0) {
      if (ascii_) bytes_ += plain, characters_ += plain;
      else for (std::size_t n = 0; n < plain; ++n) add_character(1);
      i += plain;
      continue;
    }
    const auto byte = static_cast<unsigned char>(inside[i]);
    if (byte == '\\' && i + 1 < inside.size()) {
      if (inside[i + 1] != 'u') {
        add_character(1);
        i += 2;
        continue;
      }
      const unsigned unit = code_unit(inside, i + 2);
      const bool pair = unit >= 0xD800 && unit < 0xDC00 && i + 12 <= inside.size() && inside[i + 6] == '\\' && inside[i + 7] == 'u';
      add_character(pair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3);
      i += pair ? 12 : 6;
      continue;
    }
    const std::size_t size = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    add_character(size);
    i += size;
  }
}

void text_index::mark(std::size_t byte) {
  if (byte / 64 >= starts_.size()) starts_.resize(std::max(byte / 64 + 1, starts_.size() * 2));
  starts_[byte / 64] |= std::uint64_t{1} << (byte % 64);
}

void text_index::add_character(std::size_t size) {
  if (size > 1 && ascii_ && bytes_ < longest) {
    ascii_ = false;
    for (std::size_t i = 0; i < bytes_; ++i) mark(i);
  }
  if (!ascii_ && bytes_ < longest) mark(bytes_);
  bytes_ += size;
  ++characters_;
}

std::size_t text_index::characters_before(std::size_t byte) const noexcept {
  byte = std::min(byte, bytes_);
  if (ascii_) return byte;
  std::size_t count = 0;
  const auto add = [&](std::uint64_t bits) { count += static_cast<std::size_t>(std::popcount(bits)); };
  for (std::size_t word = 0; word < std::min(byte / 64, starts_.size()); ++word) add(starts_[word]);
  if (byte / 64 < starts_.size()) add(starts_[byte / 64] & ((std::uint64_t{1} << (byte % 64)) - 1));
  return count;
}

std::size_t text_index::bytes_before(std::size_t character) const noexcept {
  if (character >= characters_) return bytes_;
  if (ascii_) return character;
  for (std::size_t word = 0; word < starts_.size(); ++word) {
    const auto here = static_cast<std::size_t>(std::popcount(starts_[word]));
    if (character < here) {
      auto bits = starts_[word];
      for (; character > 0; --character) bits &= bits - 1;
      return word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    }
    character -= here;
  }
  return bytes_;
}

neutral::json_text read_citations(std::string_view grounding, std::string_view citation, const text_index& text, neutral::arena& texts) {
  std::string list;
  json::out out(list);
  out.begin_array();
  std::vector<std::string_view> chunks;
  for_each(find_field(grounding, "groundingChunks"), [&](std::string_view chunk) { return chunks.push_back(chunk), true; });
  for_each(find_field(grounding, "groundingSupports"), [&](std::string_view support) {
    const auto segment = find_field(support, "segment");
    const auto start = text.characters_before(count_of(find_field(segment, "startIndex")));
    const auto end = text.characters_before(count_of(find_field(segment, "endIndex")));
    json::elements walk(find_field(support, "groundingChunkIndices"));
    for (std::string_view index; walk.next(index);)
      if (const auto n = count_of(index); n < chunks.size()) write_citation(chunks[n], start, end, out);
    return true;
  });
  auto sources = find_field(citation, "citationSources");
  if (sources.empty()) sources = find_field(citation, "citations");
  for_each(sources, [&](std::string_view source) {
    write_citation(source, text.characters_before(count_of(find_field(source, "startIndex"))),
                   text.characters_before(count_of(find_field(source, "endIndex"))), out);
    return true;
  });
  out.end_array();
  return list.size() > 2 ? texts.keep(std::move(list)) : neutral::json_text{};
}

void grounding_writer::add(neutral::json_text citations, std::size_t base) {
  for_each(citations, [&](std::string_view citation) {
    if (supports_.size() == most) return false;
    const auto url = json::find(citation, "url_citation");
    const auto body = url.empty() ? json::find(citation, "file_citation") : url;
    if (!json::is_object(body)) return true;
    source from{.kind = url.empty() ? "retrievedContext" : "web", .uri = {}, .title = {}, .text = {}};
    from.uri = json::find(body, "url");
    from.title = json::find(body, url.empty() ? "filename" : "title");
    if (url.empty()) from.text = json::find(body, "content");
    auto at = std::find(sources_.begin(), sources_.end(), from);
    if (at == sources_.end()) at = sources_.insert(sources_.end(), std::move(from));
    supports_.push_back({static_cast<std::size_t>(at - sources_.begin()), base + count_of(json::find(body, "start_index")),
                         base + count_of(json::find(body, "end_index"))});
    return true;
  });
}

void grounding_writer::write(const text_index& text, json::out& out) const {
  out.key("groundingMetadata");
  out.begin_object();
  out.key("groundingChunks");
  out.begin_array();
  for (const auto& from : sources_) {
    out.begin_object();
    out.key(from.kind);
    out.begin_object();
    if (json::is_string(from.uri)) out.raw("uri", from.uri);
    if (json::is_string(from.title)) out.raw("title", from.title);
    if (json::is_string(from.text)) out.raw("text", from.text);
    out.end_object();
    out.end_object();
  }
  out.end_array();
  out.key("groundingSupports");
  out.begin_array();
  for (const auto& s : supports_) {
    out.begin_object();
    out.key("segment");
    out.begin_object();
    out.number("startIndex", static_cast<std::int64_t>(text.bytes_before(s.start)));
    out.number("endIndex", static_cast<std::int64_t>(text.bytes_before(s.end)));
    out.end_object();
    out.key("groundingChunkIndices");
    out.begin_array();
    out.number(static_cast<std::int64_t>(s.source));
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.end_object();
}

}  // namespace switchyard::providers::gemini
