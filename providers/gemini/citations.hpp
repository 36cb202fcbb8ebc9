// Where an answer's text comes from: groundingMetadata and citationMetadata to and from neutral citations (see neutral.hpp).
//
//   groundingMetadata = {"groundingChunks":[{"web"|"maps"|"retrievedContext":{"uri","title","text"?}}…],
//                        "groundingSupports":[{"segment":{"startIndex"?,"endIndex","text"},"groundingChunkIndices":[N…]}…], …}
//   citationMetadata  = {"citationSources"|"citations":[{"startIndex","endIndex","uri","title"?}…]}
//
// Google counts the UTF-8 bytes of the text, the neutral form its characters.
#pragma once

#include "providers/json_out.hpp"
#include "providers/neutral.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::gemini {

/// Turns places in a text that comes in pieces from bytes into characters and back. Keeps a bit for each byte once there are characters
/// of several bytes, and none of the text; beyond 4 MiB places are not exact any more.
class text_index {
 public:
  /// `text`: a JSON string.
  void add(neutral::json_text text);
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t characters() const noexcept { return characters_; }
  [[nodiscard]] std::size_t characters_before(std::size_t byte) const noexcept;
  [[nodiscard]] std::size_t bytes_before(std::size_t character) const noexcept;

 private:
  static constexpr std::size_t longest = 4u << 20;
  void add_character(std::size_t size);
  void mark(std::size_t byte);

  std::vector<std::uint64_t> starts_;   // a bit per byte: a character begins here; unused while every character is one byte
  std::size_t bytes_ = 0;
  std::size_t characters_ = 0;
  bool ascii_ = true;
};

/// A candidate's sources as neutral citations, an array; empty: none. `text`: all of the candidate's visible text.
[[nodiscard]] neutral::json_text read_citations(std::string_view grounding, std::string_view citation, const text_index& text,
                                                neutral::arena& texts);

/// Gathers neutral citations for one candidate and writes them as groundingMetadata.
class grounding_writer {
 public:
  /// `base`: the characters of the candidate's text before the part that the citations are about.
  void add(neutral::json_text citations, std::size_t base);
  [[nodiscard]] bool empty() const noexcept { return sources_.empty(); }
  /// The member "groundingMetadata".
  void write(const text_index& text, json::out& out) const;

 private:
  static constexpr std::size_t most = 1000;   // citations of one answer
  struct source {
    std::string kind;    // web, retrievedContext
    std::string uri;     // JSON strings
    std::string title;
    std::string text;
    friend bool operator==(const source&, const source&) = default;
  };
  struct support {
    std::size_t source, start, end;   // characters
  };
  std::vector<source> sources_;
  std::vector<support> supports_;
};

}  // namespace switchyard::providers::gemini
