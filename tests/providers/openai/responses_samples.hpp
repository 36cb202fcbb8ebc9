// What the tests of the responses dialect share: bodies read and kept alive, streams written from events, streams taken apart.
#pragma once

#include "providers/dialect.hpp"
#include "providers/json_scan.hpp"
#include "tests/providers/samples.hpp"

#include <boost/json.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::providers::test::inline responses {

/// A request with the bytes its views point into.
struct read_body {
  std::unique_ptr<std::string> body;
  std::unique_ptr<neutral::arena> texts = std::make_unique<neutral::arena>();
  neutral::request request;
};

[[nodiscard]] inline read_body read_responses(std::string body) {
  read_body out{.body = std::make_unique<std::string>(std::move(body)), .request = {}};
  auto made = responses_dialect().read_request(*out.body, *out.texts);
  BOOST_REQUIRE_MESSAGE(made, (made ? std::string() : made.failure().message));
  out.request = std::move(*made);
  return out;
}

[[nodiscard]] inline error refusal_of(const std::string& body) {
  neutral::arena texts;
  const auto made = responses_dialect().read_request(body, texts);
  BOOST_REQUIRE(!made);
  return made.failure();
}

/// The body a request becomes towards a responses provider; `dropped` as it stands in the header.
[[nodiscard]] inline boost::json::value written_request(const neutral::request& what, std::string* dropped = nullptr) {
  std::string out;
  neutral::dropped_fields names;
  const auto made = responses_dialect().write_request(what, {.model = "m"}, out, names);
  BOOST_REQUIRE(made.has_value());
  if (dropped != nullptr) *dropped = names.list();
  return boost::json::parse(out);
}

[[nodiscard]] inline boost::json::value json_of(std::string_view text) { return boost::json::parse(text); }

/// The events of a stream; each must be one event line and one data line that agree on the type.
[[nodiscard]] inline std::vector<boost::json::object> events_of(std::string_view stream) {
  std::vector<boost::json::object> out;
  while (!stream.empty()) {
    const auto end = stream.find("\n\n");
    BOOST_REQUIRE(end != std::string_view::npos);
    const auto text = stream.substr(0, end);
    stream.remove_prefix(end + 2);
    const auto line = text.find('\n');
    BOOST_REQUIRE(text.starts_with("event: "));
    BOOST_REQUIRE(text.substr(line + 1).starts_with("data: "));
    BOOST_REQUIRE(text.find('\n', line + 1) == std::string_view::npos);
    out.push_back(boost::json::parse(text.substr(line + 7)).as_object());
    BOOST_REQUIRE_EQUAL(std::string(out.back().at("type").as_string()), std::string(text.substr(7, line - 7)));
  }
  return out;
}

/// A stream read into neutral events, written down so that they can be compared and outlive the reader.
struct read_stream {
  struct part {
    neutral::part_kind kind;
    std::string id, name, text, signature, citations, original;
    bool ended = false;
  };
  std::string id, model;
  std::vector<part> parts;
  neutral::finish_reason finish = neutral::finish_reason::none;
  neutral::token_counts usage;
  bool ended = false;
  std::optional<failure> problem;

  void take(const neutral::event& e) {
    using neutral::event_kind;
    switch (e.kind) {
      case event_kind::start: id = e.id, model = e.model; break;
      case event_kind::part_begin:
        BOOST_REQUIRE_EQUAL(e.index, parts.size());
        parts.push_back({e.part.kind, std::string(e.part.id), std::string(e.part.name), {}, {}, {}, std::string(e.part.original)});
        break;
      case event_kind::delta: {
        BOOST_REQUIRE_LT(e.index, parts.size());
        auto& part = parts[e.index];
        BOOST_REQUIRE(!part.ended);
        part.text += json::unescape(e.text);
        part.signature += e.signature;
        part.citations += e.citations;
        break;
      }
      case event_kind::part_end:
        BOOST_REQUIRE_LT(e.index, parts.size());
        BOOST_REQUIRE(!parts[e.index].ended);
        parts[e.index].ended = true;
        break;
      case event_kind::finish:
        for (const auto& each : parts) BOOST_REQUIRE(each.ended);
        finish = e.finish;
        break;
      case event_kind::counts: usage = e.usage; break;
      case event_kind::end: ended = true; break;
    }
  }
};

[[nodiscard]] inline read_stream read_pieces(const std::vector<std::string_view>& pieces) {
  const auto reader = responses_dialect().open_reader({});
  read_stream out;
  std::vector<neutral::event> events;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());   // views into earlier pieces would be noticed by a sanitizer
    events.clear();
    out.problem = reader->feed(std::string_view(copy.data(), copy.size()), events);
    for (const auto& each : events) out.take(each);
    if (out.problem) return out;
  }
  events.clear();
  reader->close(events);
  for (const auto& each : events) out.take(each);
  return out;
}

}  // namespace switchyard::providers::test::responses
