// A body or a stream of one format into every other. Byte 0: the format it is read as; byte 1: request, answer or stream; then, for
// streams, eight bytes that seed where it is cut; the rest is the text.
#include "base/random.hpp"
#include "providers/dialect.hpp"
#include "providers/json_document.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace switchyard;
using namespace switchyard::providers;

namespace {

const dialect* const dialects[] = {&chat_dialect(), &responses_dialect(), &messages_dialect(), &generate_content_dialect(), &converse_dialect(), &completions_dialect()};

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_json(std::string_view text) {
  json::document document;
  return document.parse_copy(text);
}

bool is_object(std::string_view text) {
  json::document document;
  return document.parse_copy(text) && document.root().is_object();
}

void translate_request(const dialect& from, std::string_view body) {
  if (!is_object(body)) return;
  neutral::arena texts;
  const auto read = from.read_request(body, texts);
  if (!read) {
    require(!read.failure().message.empty());
    return;
  }
  for (const auto* to : dialects) {
    std::string written;
    neutral::dropped_fields dropped;
    if (to->write_request(*read, {.model = "m"}, written, dropped)) require(is_json(written));
  }
}

void translate_answer(const dialect& from, std::string_view body) {
  if (!is_json(body)) return;   // the caller has checked it
  neutral::arena texts;
  const auto read = from.read_answer(body, texts);
  if (!read) return;
  for (const auto* to : dialects) {
    std::string written;
    to->write_answer(*read, {.request_id = "r", .model = "m"}, written);
    require(is_json(written));
  }
}

std::string translate_stream(const dialect& from, const dialect& to, std::string_view text, random_source* random) {
  std::string out;
  const auto reader = from.open_reader("hunter2!");
  const auto writer = to.open_writer({.request_id = "r", .model = "m"});
  std::vector<neutral::event> events;
  bool failed = false;
  while (!text.empty() && !failed) {
    const std::size_t size = random == nullptr ? text.size() : std::min<std::size_t>(text.size(), 1 + random->below(40));
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    text.remove_prefix(size);
    events.clear();
    const auto problem = reader->feed({piece.data(), piece.size()}, events);
    for (const auto& what : events) writer->write(what, out);
    if (problem) {
      failed = true;
      require(problem->what.message.find("hunter2!") == std::string::npos);
      writer->fail(problem->what, out);
    }
  }
  if (!failed) {
    events.clear();
    reader->close(events);
    for (const auto& what : events) writer->write(what, out);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 11) return 0;
  const auto& from = *dialects[bytes[0] % std::size(dialects)];
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  if (bytes[1] % 3 == 0) {
    translate_request(from, text);
  } else if (bytes[1] % 3 == 1) {
    translate_answer(from, text);
  } else {
    std::uint64_t seed = 0;
    std::memcpy(&seed, text.data(), 8);
    random_source random(seed);
    const auto& to = *dialects[(bytes[1] / 3) % std::size(dialects)];
    require(translate_stream(from, to, text.substr(8), nullptr) == translate_stream(from, to, text.substr(8), &random));
  }
  return 0;
}
