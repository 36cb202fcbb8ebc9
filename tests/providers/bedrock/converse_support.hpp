// What the tests of the converse dialect share: requests through it, streams as lists of frames.
#pragma once

#include "providers/bedrock/event_stream.hpp"
#include "providers/dialect.hpp"
#include "tests/providers/bedrock/samples.hpp"

#include <boost/json.hpp>

namespace switchyard::providers::test::inline bedrock {

namespace bj = boost::json;

constexpr std::string_view claude = "us.anthropic.claude-sonnet-4-20250514-v1:0";
constexpr std::string_view new_claude = "us.anthropic.claude-sonnet-4-6";
constexpr std::string_view nova = "us.amazon.nova-pro-v1:0";
constexpr std::string_view llama = "us.meta.llama4-maverick-17b-instruct-v1:0";

struct written {
  std::string body;
  std::string dropped;
  std::optional<error> refused;
  [[nodiscard]] bj::value json() const {
    BOOST_REQUIRE_MESSAGE(!refused, (refused ? refused->message : ""));
    return bj::parse(body);
  }
};

[[nodiscard]] inline written write(const neutral::request& what, std::string_view model = claude) {
  written out;
  neutral::dropped_fields dropped;
  auto done = converse_dialect().write_request(what, {.model = model}, out.body, dropped);
  if (!done) out.refused = done.failure();
  out.dropped = dropped.list();
  return out;
}

/// Read as Bedrock's and written as Bedrock's again.
[[nodiscard]] inline written through(std::string_view body, std::string_view model = claude) {
  neutral::arena texts;
  auto read = converse_dialect().read_request(body, texts);
  if (!read) return {.refused = read.failure()};
  return write(*read, model);
}

[[nodiscard]] inline neutral::message says(neutral::role who, std::vector<neutral::part> parts) {
  neutral::message out;
  out.role = who;
  out.parts = std::move(parts);
  return out;
}
/// A request of one user's message.
[[nodiscard]] inline neutral::request asking(std::vector<neutral::part> parts) {
  neutral::request out;
  out.messages.push_back(says(neutral::role::user, std::move(parts)));
  return out;
}
[[nodiscard]] inline neutral::part text(std::string_view quoted) { return {.kind = neutral::part_kind::text, .text = quoted}; }

struct frame_seen {
  std::string type;                      ///< "!" before exceptions
  bj::value payload;
};

/// The frames of a stream; fails the test where it is none.
[[nodiscard]] inline std::vector<frame_seen> frames_of(std::string_view stream) {
  std::vector<frame_seen> out;
  frame_splitter splitter;
  splitter.feed(stream);
  for (event_frame frame; splitter.next(frame);)
    out.push_back({(frame.message_type == "exception" ? "!" : "") + std::string(frame.event_type), bj::parse(std::string(frame.payload))});
  BOOST_TEST(splitter.fault() == "");
  BOOST_TEST(!splitter.is_inside_frame());
  return out;
}

/// What a client puts together from a stream, following Bedrock's rules to the letter: one block open at a time, indexes from 0.
struct assembled {
  std::vector<std::string> blocks;       ///< "text:...", "call:ID:NAME:INPUT", "thought:TEXT:SIGNATURE", "sealed:DATA", "image:DATA"
  std::string stop_reason;
  bj::value usage;
  std::string failure;                   ///< the exception's name
  std::size_t citations = 0;
};

[[nodiscard]] inline assembled assemble(std::string_view stream) {
  assembled out;
  std::string block, signature;
  std::int64_t open = -1, next = 0;
  bool started = false, ended = false;
  for (const auto& [type, payload] : frames_of(stream)) {
    BOOST_TEST(!ended, "something comes after the metadata");
    BOOST_TEST(out.failure.empty(), "something comes after an exception");
    const auto at = [&] { return payload.at("contentBlockIndex").as_int64(); };
    if (type == "messageStart") {
      BOOST_TEST(!started);
      BOOST_TEST(payload.at("role").as_string() == "assistant");
      started = true;
    } else if (type == "contentBlockStart") {
      BOOST_TEST(open == -1);
      BOOST_TEST(at() == next);
      open = at();
      const auto& start = payload.at("start").as_object();
      if (const auto* call = start.if_contains("toolUse"))
        block = "call:" + std::string(call->at("toolUseId").as_string()) + ":" + std::string(call->at("name").as_string()) + ":";
      else
        block = "image:";
    } else if (type == "contentBlockDelta") {
      if (open == -1) {
        BOOST_TEST(at() == next);
        open = at();
        block.clear();
      }
      BOOST_TEST(at() == open);
      const auto& delta = payload.at("delta").as_object();
      BOOST_REQUIRE(delta.size() == 1u);
      const auto& [kind, value] = *delta.begin();
      const auto begin = [&](const char* name) {
        if (block.empty()) block = name;
        BOOST_TEST(block.starts_with(name), "a block changes its kind");
      };
      if (kind == "text") {
        begin("text:");
        block += value.as_string();
      } else if (kind == "toolUse") {
        BOOST_TEST(block.starts_with("call:"));
        block += value.at("input").as_string();
      } else if (kind == "image") {
        block += value.at("source").at("bytes").as_string();
      } else if (kind == "citation") {
        ++out.citations;
      } else if (const auto& thought = value.as_object(); thought.contains("redactedContent")) {
        begin("sealed:");
        block += thought.at("redactedContent").as_string();
      } else {
        begin("thought:");
        if (thought.contains("text")) block += thought.at("text").as_string();
        if (thought.contains("signature")) signature = thought.at("signature").as_string();
      }
    } else if (type == "contentBlockStop") {
      BOOST_TEST(at() == (open == -1 ? next : open));
      if (block.starts_with("thought:")) block += ":" + signature;
      if (!block.empty()) out.blocks.push_back(block);
      block.clear(), signature.clear();
      open = -1;
      ++next;
    } else if (type == "messageStop") {
      BOOST_TEST(started);
      BOOST_TEST(open == -1);
      out.stop_reason = payload.at("stopReason").as_string();
    } else if (type == "metadata") {
      BOOST_TEST(!out.stop_reason.empty());
      out.usage = payload.at("usage");
      BOOST_TEST(payload.at("metrics").at("latencyMs").is_int64());
      ended = true;
    } else {
      out.failure = type;
    }
  }
  return out;
}

/// The blocks of an answer in the same notation.
[[nodiscard]] inline std::vector<std::string> blocks_of(const bj::value& content) {
  std::vector<std::string> out;
  for (const auto& block : content.as_array()) {
    const auto& object = block.as_object();
    if (const auto* plain = object.if_contains("text")) out.push_back("text:" + std::string(plain->as_string()));
    if (const auto* call = object.if_contains("toolUse"))
      out.push_back("call:" + std::string(call->at("toolUseId").as_string()) + ":" + std::string(call->at("name").as_string()) + ":" + bj::serialize(call->at("input")));
    if (const auto* thought = object.if_contains("reasoningContent")) {
      if (const auto* sealed = thought->as_object().if_contains("redactedContent")) {
        out.push_back("sealed:" + std::string(sealed->as_string()));
      } else {
        const auto& said = thought->at("reasoningText").as_object();
        out.push_back("thought:" + std::string(said.at("text").as_string()) + ":" + (said.contains("signature") ? std::string(said.at("signature").as_string()) : ""));
      }
    }
  }
  return out;
}

}  // namespace switchyard::providers::test::bedrock
