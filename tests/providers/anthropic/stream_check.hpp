// Follows a stream of Anthropic's as a strict client does: events in their order, indexes without gaps, one block open at a time.
#pragma once

#include "tests/providers/anthropic/samples.hpp"

#include "providers/sse_splitter.hpp"

namespace switchyard::providers::test::anthropic {

struct seen_stream {
  std::vector<std::string> blocks;   ///< "text Hi", "tool_use ID NAME INPUT", "thinking hm|signature", the block's JSON for others
  std::string id, stop_reason;
  std::int64_t input = 0, output = 0;
};

[[nodiscard]] inline std::string str(const boost::json::value& value) { return std::string(value.as_string()); }

[[nodiscard]] inline seen_stream check_stream(const std::string& text) {
  seen_stream out;
  sse_splitter splitter;
  splitter.feed(text);
  std::string storage, input, signature, last_type;
  boost::json::object block;
  bool open = false;
  for (sse_piece piece; splitter.next(piece);) {
    const auto fields = read_sse_fields(piece.bytes, storage);
    const auto event = parsed(fields.data);
    const auto type = str(event.at("type"));
    BOOST_REQUIRE(fields.event == type);
    if (type == "ping") continue;
    BOOST_REQUIRE((last_type.empty() == (type == "message_start")));
    BOOST_REQUIRE(last_type != "message_stop");
    last_type = type;
    if (type.starts_with("content_block")) BOOST_REQUIRE(event.at("index").to_number<std::size_t>() == out.blocks.size());
    if (type == "message_start") {
      out.id = str(event.at("message").at("id"));
      BOOST_REQUIRE(event.at("message").at("usage").as_object().contains("output_tokens"));
    } else if (type == "content_block_start") {
      BOOST_REQUIRE(!open);
      open = true;
      block = event.at("content_block").as_object();
      input.clear(), signature.clear();
    } else if (type == "content_block_delta") {
      BOOST_REQUIRE(open);
      const auto& delta = event.at("delta").as_object();
      const auto kind = str(delta.at("type"));
      if (kind == "text_delta") block["text"] = str(block["text"]) + str(delta.at("text"));
      else if (kind == "thinking_delta") block["thinking"] = str(block["thinking"]) + str(delta.at("thinking"));
      else if (kind == "signature_delta") signature += str(delta.at("signature"));
      else if (kind == "input_json_delta") input += str(delta.at("partial_json"));
      else BOOST_REQUIRE(kind == "citations_delta");
    } else if (type == "content_block_stop") {
      BOOST_REQUIRE(open);
      open = false;
      const auto kind = str(block.at("type"));
      if (!input.empty()) block["input"] = parsed(input);
      if (kind == "text") out.blocks.push_back("text " + str(block.at("text")));
      else if (kind == "thinking") out.blocks.push_back("thinking " + str(block.at("thinking")) + (signature.empty() ? "" : "|" + signature));
      else if (kind == "tool_use")
        out.blocks.push_back("tool_use " + str(block.at("id")) + " " + str(block.at("name")) + " " + boost::json::serialize(block.at("input")));
      else out.blocks.push_back(boost::json::serialize(block));
    } else if (type == "message_delta") {
      BOOST_REQUIRE(!open);
      out.stop_reason = str(event.at("delta").at("stop_reason"));
      out.input = event.at("usage").at("input_tokens").to_number<std::int64_t>();
      out.output = event.at("usage").at("output_tokens").to_number<std::int64_t>();
    } else {
      BOOST_REQUIRE(type == "message_stop");
    }
  }
  BOOST_REQUIRE(splitter.pending().empty());
  BOOST_REQUIRE(last_type == "message_stop");
  return out;
}

/// All events of a stream read at once; `text` must outlive them. The reader is kept for their sake.
[[nodiscard]] inline std::vector<neutral::event> read_stream(std::string text) {
  static std::vector<std::pair<std::unique_ptr<stream_reader>, std::unique_ptr<std::string>>> kept;
  auto& [reader, bytes] = kept.emplace_back(messages_dialect().open_reader({}), std::make_unique<std::string>(std::move(text)));
  std::vector<neutral::event> out;
  const auto problem = reader->feed(*bytes, out);
  BOOST_REQUIRE_MESSAGE(!problem, (problem ? problem->what.message : ""));
  return out;
}

/// Reads a stream piece by piece and writes it again.
[[nodiscard]] inline std::string rewrite(const std::vector<std::string_view>& pieces) {
  const auto reader = messages_dialect().open_reader({});
  const auto writer = messages_dialect().open_writer({.request_id = "r", .model = "m"});
  std::string out;
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());   // a view into an earlier piece would be noticed by a sanitizer
    std::vector<neutral::event> events;
    BOOST_REQUIRE(!reader->feed({copy.data(), copy.size()}, events));
    for (const auto& e : events) writer->write(e, out);
  }
  return out;
}
[[nodiscard]] inline std::string rewrite(const std::string& text) { return rewrite(std::vector<std::string_view>{text}); }

}  // namespace switchyard::providers::test::anthropic
