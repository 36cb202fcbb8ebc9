// A provider's stream: the first eight bytes seed where it is cut, the next chooses the operation and whether usage is hidden.
#include "base/random.hpp"
#include "providers/registry.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace switchyard;
using namespace switchyard::providers;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

struct followed {
  std::string forwarded;
  bool content = false;
  bool finished = false;
  bool problem = false;
  std::int64_t input = -1;
  std::int64_t estimate = 0;
  friend bool operator==(const followed&, const followed&) = default;
};

followed follow(api operation, bool hide, std::string_view text, random_source* random) {
  const auto decoder = find_wire(config::wire_format::openai)->open_stream(operation, hide);
  followed out;
  while (!text.empty()) {
    const std::size_t size = random == nullptr ? text.size() : std::min<std::size_t>(text.size(), 1 + random->below(40));
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    text.remove_prefix(size);
    const auto& step = decoder->feed(std::string_view(piece.data(), piece.size()));
    for (const auto part : step.forward) out.forwarded += part;
    out.content = step.content;
    out.finished = step.finished;
    out.problem = step.problem.has_value();
  }
  out.input = decoder->reported().input.value_or(-1);
  out.estimate = decoder->estimated_output_tokens();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 9) return 0;
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes, 8);
  const auto operation = static_cast<api>(bytes[8] % 3);
  const bool hide = (bytes[8] & 128) != 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 9, size - 9);
  random_source random(seed);
  const auto whole = follow(operation, hide, text, nullptr);
  require(whole == follow(operation, hide, text, &random));
  if (!hide) require(text.starts_with(whole.forwarded));
  return 0;
}
