// What the tests of this folder share: recorded files, bodies with the padding a parser needs, streams in random pieces.
#pragma once

#include "base/random.hpp"
#include "providers/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::test {

/// A file below tests/golden/openai/.
[[nodiscard]] inline std::string golden(const std::string& name) {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/tests/golden/openai/" + name, std::ios::binary);
  BOOST_REQUIRE_MESSAGE(in, "cannot read " << name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A body followed by bytes that are none of its business.
class padded_body {
 public:
  explicit padded_body(std::string text) : size_(text.size()), bytes_(std::move(text) + std::string(64, '"')) {}
  [[nodiscard]] std::string_view view() const { return std::string_view(bytes_).substr(0, size_); }

 private:
  std::size_t size_;
  std::string bytes_;
};

/// A stream followed to its end, piece by piece.
struct followed {
  std::string forwarded;
  bool content = false;
  bool finished = false;
  std::optional<failure> problem;
  usage reported;
  std::int64_t estimate = 0;
};

/// Feeds copies of `pieces`, so that a view into an earlier piece would be noticed by a sanitizer.
[[nodiscard]] inline followed follow(api operation, const std::vector<std::string_view>& pieces, bool hide_usage = false,
                                     std::string_view credential = {}) {
  const auto decoder = find_wire(config::wire_format::openai)->open_stream(operation, hide_usage, credential);
  followed out;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    take_all(*decoder, decoder->feed(std::string_view(copy.data(), copy.size())), [&](const stream_step& step) {
      for (const auto part : step.forward) out.forwarded += part;
      out.content = step.content;
      out.finished = step.finished;
      out.problem = step.problem;
    });
  }
  out.reported = decoder->reported();
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

/// Cuts `text` at random places; sizes from one byte up.
[[nodiscard]] inline std::vector<std::string_view> random_pieces(std::string_view text, random_source& random) {
  std::vector<std::string_view> out;
  const std::uint64_t longest = 1 + random.below(random.below(2) == 0 ? 8 : 2000);
  while (!text.empty()) {
    const auto size = std::min<std::size_t>(text.size(), 1 + random.below(longest));
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

[[nodiscard]] inline std::string joined(const upstream_request& request) {
  std::string out;
  for (const auto piece : request.body) out += piece;
  return out;
}

}  // namespace switchyard::providers::test
