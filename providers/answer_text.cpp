#include "providers/answer_text.hpp"

#include "providers/bedrock/event_stream.hpp"
#include "providers/json_scan.hpp"
#include "providers/placeholders.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace switchyard::providers {

namespace {

constexpr std::array<std::string_view, 9> text_members{"content", "text",   "delta",        "refusal", "thinking", "reasoning_content",
                                                       "input",   "arguments", "partial_json"};

void add_texts(std::string_view json, std::vector<json_string>& strings, std::string& to) {
  find_strings(json, strings);
  for (const auto& one : strings) {
    if (to.size() >= most_answer_text) return;
    if (std::find(text_members.begin(), text_members.end(), one.key) == text_members.end()) continue;
    to += json::unescape(json.substr(one.begin - 1, one.end - one.begin + 2));
  }
}

}  // namespace

std::string answer_text(std::string_view answer, answer_bytes shape) {
  std::string out;
  std::vector<json_string> strings;
  if (shape == answer_bytes::json) {
    add_texts(answer, strings, out);
  } else {
    frame_splitter splitter;
    splitter.feed(answer);
    event_frame frame;
    while (splitter.next(frame)) add_texts(frame.payload, strings, out);
  }
  if (out.size() > most_answer_text) out.resize(most_answer_text);
  return out;
}

}  // namespace switchyard::providers
