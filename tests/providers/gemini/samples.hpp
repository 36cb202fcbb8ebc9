// What the tests of Gemini's format share: recorded files, neutral forms written and read in one call, and the recordings beside the
// repository, where they are there.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_document.hpp"
#include "providers/json_scan.hpp"
#include "providers/sse_splitter.hpp"
#include "tests/providers/samples.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace switchyard::providers::test::inline gemini {

/// A file below tests/golden/gemini/.
[[nodiscard]] inline std::string gemini_golden(const std::string& name) { return golden("../gemini/" + name); }

struct written_request {
  std::string body;
  std::string dropped;
  std::string problem;   ///< message and param; empty: none
};

[[nodiscard]] inline written_request write_gemini(const neutral::request& what, std::string_view model = "gemini-2.5-flash") {
  written_request out;
  neutral::dropped_fields dropped;
  const auto done = generate_content_dialect().write_request(what, {.model = model}, out.body, dropped);
  if (!done) out.problem = done.failure().message + " @" + done.failure().param;
  out.dropped = dropped.list();
  return out;
}

/// Read and written again.
[[nodiscard]] inline written_request rewrite_gemini(std::string_view body, std::string_view model = "gemini-2.5-flash") {
  neutral::arena texts;
  const auto read = generate_content_dialect().read_request(body, texts);
  if (!read) return {.body = {}, .dropped = {}, .problem = read.failure().message + " @" + read.failure().param};
  return write_gemini(*read, model);
}

[[nodiscard]] inline bool is_json(const std::string& text) {
  json::document document;
  return document.parse_copy(text);
}

/// A stream read into text for comparing: one line an event.
struct read_stream {
  std::string text, reasoning, calls, kinds;   ///< calls: "name(arguments)…", kinds: "text reasoning …" of the parts
  neutral::finish_reason finish = neutral::finish_reason::none;
  std::string id, model, signature, citations;
  neutral::token_counts usage;
  bool ended = false;
  bool well_formed = true;                     ///< parts begin before their deltas and end before finish
  std::optional<failure> problem;
};

[[nodiscard]] inline read_stream read_gemini_stream(const std::vector<std::string_view>& pieces, stream_writer* rewrite = nullptr,
                                                    std::string* rewritten = nullptr) {
  const auto reader = generate_content_dialect().open_reader({});
  read_stream out;
  std::vector<std::uint32_t> open;
  std::vector<neutral::part_kind> kinds;
  bool finished = false;
  const auto take = [&](const std::vector<neutral::event>& events) {
    for (const auto& e : events) {
      if (rewrite != nullptr) rewrite->write(e, *rewritten);
      const auto is_open = std::find(open.begin(), open.end(), e.index);
      switch (e.kind) {
        case neutral::event_kind::start:
          out.id = json::unescape(e.id);
          out.model = json::unescape(e.model);
          break;
        case neutral::event_kind::part_begin: {
          out.well_formed &= is_open == open.end() && !finished && e.index == kinds.size();
          open.push_back(e.index);
          kinds.push_back(e.part.kind);
          static constexpr const char* names[] = {"text", "image", "audio", "video", "file", "tool_call", "tool_result", "reasoning", "redacted", "refusal", "cache", "foreign"};
          out.kinds += std::string(out.kinds.empty() ? "" : " ") + names[static_cast<int>(e.part.kind)];
          if (e.part.kind == neutral::part_kind::tool_call) {
            out.calls += json::unescape(e.part.name);
            out.well_formed &= json::has_text(e.part.id);
          }
          out.signature += json::unescape(e.part.signature);
          break;
        }
        case neutral::event_kind::delta:
          out.well_formed &= is_open != open.end();
          if (is_open == open.end()) break;
          if (kinds[e.index] == neutral::part_kind::text) out.text += json::unescape(e.text);
          if (kinds[e.index] == neutral::part_kind::reasoning) out.reasoning += json::unescape(e.text);
          if (kinds[e.index] == neutral::part_kind::tool_call) out.calls += "(" + json::unescape(e.text) + ")";
          out.signature += json::unescape(e.signature);
          out.citations += e.citations;
          break;
        case neutral::event_kind::part_end:
          out.well_formed &= is_open != open.end();
          if (is_open != open.end()) open.erase(is_open);
          break;
        case neutral::event_kind::finish:
          out.well_formed &= open.empty();
          out.finish = e.finish;
          finished = true;
          break;
        case neutral::event_kind::counts: out.usage = e.usage; break;
        case neutral::event_kind::end: out.ended = true; break;
      }
    }
  };
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    std::vector<neutral::event> events;
    out.problem = reader->feed(std::string_view(copy.data(), copy.size()), events);
    take(events);
    if (out.problem) return out;
  }
  std::vector<neutral::event> events;
  reader->close(events);
  take(events);
  return out;
}

/// The recordings of Google's APIs; empty when they are not there.
struct recording {
  std::string id, url, request, response;   ///< bodies
  int status = 0;
};
[[nodiscard]] inline std::vector<recording> google_recordings() {
  std::ifstream in(std::string(SWITCHYARD_SOURCE_DIR) + "/../shared/data/provider-traffic/provider-traffic-public.jsonl");
  std::vector<recording> out;
  for (std::string line; std::getline(in, line);) {
    const auto provider = json::find(line, "provider");
    if (provider != R"("google")" && provider != R"("vertex")") continue;
    const auto request = json::find(line, "request");
    const auto response = json::find(line, "response");
    recording row{.id = json::unescape(json::find(line, "id")), .url = json::unescape(json::find(request, "url")), .request = {}, .response = {}};
    if (row.url.find("/openai/") != std::string::npos) continue;   // Google's OpenAI endpoint
    row.request = json::find(request, "json");
    row.response = json::find(response, "json");
    if (row.response.empty()) row.response = json::unescape(json::find(response, "text"));
    row.status = static_cast<int>(json::as_count(json::find(response, "status")).value_or(0));
    out.push_back(std::move(row));
  }
  if (out.empty()) BOOST_TEST_MESSAGE("skipped: no recorded provider traffic beside the repository");
  return out;
}

}  // namespace switchyard::providers::test::gemini
