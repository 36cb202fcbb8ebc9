// What the fuzz targets share: reading choices off the front of an input, cutting a text where the input says, holding a promise.
#pragma once

#include "providers/json_document.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::fuzz {

/// The key every call is made with; no message may show it.
inline constexpr std::string_view credential = "hunter2!";

/// A promise; a broken one is a finding, and its line is said.
inline void require(bool holds, const std::source_location& line = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: does not hold\n", line.file_name(), static_cast<unsigned>(line.line()));
  std::abort();
}

/// Takes an input apart from its front. Reads zeros beyond its end.
class choices {
 public:
  choices(const std::uint8_t* bytes, std::size_t size) : rest_(reinterpret_cast<const char*>(bytes), size) {}

  [[nodiscard]] std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// A length byte and that much text.
  [[nodiscard]] std::string_view text() {
    const auto value = rest_.substr(0, byte());
    rest_.remove_prefix(std::min(value.size(), rest_.size()));
    return value;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Where a stream is cut: the sizes of its pieces less one, again and again. None: byte by byte.
struct cuts {
  std::string_view sizes;
  static cuts of(choices& from) { return {from.text().substr(0, 16)}; }
};

/// Gives `text` to `feed` in pieces, each on the heap and not a byte longer than it is. `feed` says whether it wants more.
template <class Feed>
void feed_cut(std::string_view text, const cuts& where, Feed&& feed) {
  for (std::size_t turn = 0; !text.empty(); ++turn) {
    const auto wanted = where.sizes.empty() ? std::size_t{1} : static_cast<std::uint8_t>(where.sizes[turn % where.sizes.size()]) + std::size_t{1};
    const auto size = std::min(wanted, text.size());
    const auto piece = std::make_unique<char[]>(size);
    std::memcpy(piece.get(), text.data(), size);
    text.remove_prefix(size);
    if (!feed(std::string_view(piece.get(), size))) return;
  }
}

/// A body as the server holds it: exactly the promised padding behind it, on the heap.
class padded_body {
 public:
  explicit padded_body(std::string_view text) : bytes_(std::make_unique<char[]>(text.size() + providers::json::padding)), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), size_);
    std::memset(bytes_.get() + size_, '"', providers::json::padding);
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

[[nodiscard]] inline bool is_json(std::string_view text) {
  providers::json::document document;
  return document.parse_copy(text);
}
[[nodiscard]] inline bool is_object(std::string_view text) {
  providers::json::document document;
  return document.parse_copy(text) && document.root().is_object();
}

/// The providers whose formats there are: openai (chat), openai (responses), anthropic, gemini, bedrock, one of the openai family, and
/// cohere.
[[nodiscard]] inline const config::provider_config& provider_of(std::uint8_t choice) {
  static const auto made = [] {
    std::vector<config::provider_config> out(7);
    const auto set = [&](std::size_t at, const char* name, config::wire_format format) { out[at].name = name, out[at].wire = format; };
    set(0, "openai", config::wire_format::openai);
    set(1, "openai", config::wire_format::openai);
    out[1].native_api = config::native_api::responses;
    set(2, "anthropic", config::wire_format::anthropic);
    set(3, "gemini", config::wire_format::gemini);
    set(4, "bedrock", config::wire_format::bedrock);
    set(5, "mistral", config::wire_format::openai);
    set(6, "cohere", config::wire_format::cohere);
    return out;
  }();
  return made[choice % made.size()];
}

}  // namespace switchyard::fuzz
