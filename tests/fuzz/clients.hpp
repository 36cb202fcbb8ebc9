// The clients that translated answers are written for: one request of each format, with a tool of every sort that answers depend on.
#pragma once

#include "providers/translation.hpp"
#include "tests/fuzz/fuzz_target.hpp"

namespace switchyard::fuzz {

struct client {
  providers::api_request request;
  std::unique_ptr<padded_body> body;
  std::unique_ptr<providers::neutral_view> asked;
};

/// Each is read once.
[[nodiscard]] inline client& client_of(std::uint8_t choice) {
  using providers::api;
  struct sort {
    api operation;
    bool as_array;
    std::string_view body;
  };
  constexpr sort sorts[] = {
      {api::chat_completions, false, R"({"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]})"},
      {api::responses, false,
       R"({"model":"m","stream":true,"input":"Hi","tools":[{"type":"custom","name":"apply"},{"type":"local_shell"},{"type":"function","name":"f","parameters":{}}],"metadata":{"a":"b"}})"},
      {api::completions, false, R"({"model":"m","stream":true,"prompt":"Hi"})"},
      {api::messages, false, R"({"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})"},
      {api::generate_content, false, R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})"},
      {api::generate_content, true, R"({"contents":[{"role":"user","parts":[{"text":"Hi"}]}]})"},
      {api::converse, false, R"({"messages":[{"role":"user","content":[{"text":"Hi"}]}]})"},
      {api::chat_completions, false, R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]})"}};
  static std::vector<client> made = [&] {
    std::vector<client> out(std::size(sorts));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].body = std::make_unique<padded_body>(sorts[i].body);
      providers::operation_target target{.operation = sorts[i].operation};
      if (sorts[i].operation >= api::generate_content) target.model = "m", target.stream = true, target.as_array = sorts[i].as_array;
      auto read = providers::ingress_of(target.operation).parse(target, out[i].body->view());
      require(read.has_value());
      out[i].request = std::move(*read);
      out[i].asked = std::make_unique<providers::neutral_view>(out[i].request);
      require(out[i].asked->generation().has_value());
    }
    return out;
  }();
  return made[choice % made.size()];
}

[[nodiscard]] inline providers::answer_context context_of(const client& who) {
  return {.request_id = "req", .model = "m", .created = 1'790'000'000, .as_array = who.request.as_array};
}

}  // namespace switchyard::fuzz
