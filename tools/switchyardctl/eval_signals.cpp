#include "tools/switchyardctl/eval_signals.hpp"

#include "providers/json_document.hpp"
#include "providers/json_out.hpp"
#include "routing/signals/understanding.hpp"
#include "tools/switchyardctl/commands.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>

namespace switchyard::ctl {

namespace json = providers::json;
namespace dom = simdjson::dom;

namespace {

// What a line asks, and what its views point to.
struct asked_line {
  std::vector<routing::turn> turns;
  std::deque<std::string> joined;
  routing::prompt prompt;
};

std::optional<routing::speaker> speaker_named(std::string_view role) noexcept {
  using routing::speaker;
  if (role == "user") return speaker::user;
  if (role == "assistant" || role == "model") return speaker::assistant;
  if (role == "system" || role == "developer") return speaker::system;
  if (role == "tool" || role == "function") return speaker::tool;
  return std::nullopt;
}

// A message's text; images among its parts are counted.
std::string_view read_content(const dom::element& content, asked_line& to) {
  if (std::string_view text; content.get(text) == simdjson::SUCCESS) return text;
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS) return {};
  std::string joined;
  for (const auto part : parts) {
    std::string_view text, type;
    if (part["type"].get(type) == simdjson::SUCCESS && type.find("image") != type.npos) ++to.prompt.images;
    if (part["text"].get(text) != simdjson::SUCCESS && part.get(text) != simdjson::SUCCESS) continue;
    if (!joined.empty()) joined += '\n';
    joined += text;
  }
  return to.joined.emplace_back(std::move(joined));
}

outcome read_messages(const dom::array& messages, asked_line& to) {
  std::size_t at = 0;
  for (const auto message : messages) {
    const auto field = "messages[" + std::to_string(at++) + "]";
    std::string_view role;
    if (message["role"].get(role) != simdjson::SUCCESS) return wrong_field(field + ".role", "a string");
    const auto who = speaker_named(role);
    if (!who) return wrong_field(field + ".role", "system, developer, user, assistant or tool");
    dom::element content;
    const auto text = message["content"].get(content) == simdjson::SUCCESS ? read_content(content, to) : std::string_view();
    to.turns.push_back({*who, text});
  }
  if (to.turns.empty()) return wrong_field("messages", "at least one message");
  return done{};
}

outcome read_line(const dom::object& line, asked_line& to) {
  dom::element value;
  if (line.at_key("prompt").get(value) == simdjson::SUCCESS) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) return wrong_field("prompt", "a string");
    to.turns.push_back({routing::speaker::user, text});
  } else {
    dom::array messages;
    if (line.at_key("messages").get(messages) != simdjson::SUCCESS) return wrong_field("prompt", "a string (or messages: a list)");
    if (auto read = read_messages(messages, to); !read) return read;
  }
  if (dom::array tools; line.at_key("tools").get(tools) == simdjson::SUCCESS) to.prompt.tools = static_cast<int>(tools.size());
  std::string_view type;
  if (dom::element format; line.at_key("response_format").get(format) == simdjson::SUCCESS && format["type"].get(type) == simdjson::SUCCESS)
    to.prompt.json_wanted = type.starts_with("json");
  for (const auto* name : {"max_completion_tokens", "max_tokens"}) {
    std::int64_t most = 0;
    if (to.prompt.most_output_tokens == 0 && line.at_key(name).get(most) == simdjson::SUCCESS && most > 0) to.prompt.most_output_tokens = most;
  }
  to.prompt.turns = to.turns;
  return done{};
}

class signal_writer {
 public:
  signal_writer(std::string& to, const asked_line& asked, bool messages) : out_(to), asked_(asked), messages_(messages) {}

  void write(routing::understanding& seen) {
    out_.begin_object();
    domain(seen.domain());
    field("complexity", seen.complexity().value);
    word("format", to_string(seen.format().value));
    safety(seen);
    tokens(seen.tokens());
    word("language", seen.language().code);
    field("turns", seen.turns());
    field("tools", seen.tools());
    field("images", seen.images());
    word("clarity", seen.clarity().clear ? "clear" : "ambiguous");
    field("code_share", seen.code_share());
    out_.key("confidence");
    out_.begin_object();
    field("complexity", seen.complexity().confidence);
    field("format", seen.format().confidence);
    field("language", seen.language().confidence);
    field("clarity", seen.clarity().confidence);
    out_.end_object();
    out_.key("complexity_reasons");
    out_.begin_array();
    for (const auto why : seen.complexity().reasons) out_.text(why);
    out_.end_array();
    out_.end_object();
  }

 private:
  // Four places behind the point say all that a score means.
  void figure(float value) {
    const auto scaled = std::lround(std::clamp(static_cast<double>(value), -1e6, 1e6) * 10000);
    char digits[32];
    const auto size = std::snprintf(digits, sizeof digits, "%s%ld.%04ld", scaled < 0 ? "-" : "", std::labs(scaled) / 10000, std::labs(scaled) % 10000);
    out_.raw({digits, static_cast<std::size_t>(size)});
  }
  void field(std::string_view name, float value) { out_.key(name), figure(value); }
  void field(std::string_view name, int value) { out_.key(name), out_.number(std::int64_t{value}); }
  void field(std::string_view name, std::int64_t value) { out_.key(name), out_.number(value); }
  void word(std::string_view name, std::string_view value) { out_.key(name), out_.text(value); }

  void domain(const routing::domain_finding& found) {
    out_.key("domain");
    out_.begin_object();
    word("value", to_string(found.value));
    field("confidence", found.confidence);
    out_.key("scores");
    out_.begin_object();
    for (std::size_t i = 0; i < routing::domain_count; ++i) field(to_string(static_cast<routing::domain>(i)), found.scores[i]);
    out_.end_object();
    out_.end_object();
  }

  // Bytes of the turn's text as characters.
  void place(const routing::text_span& span) {
    const auto text = asked_.turns[span.turn].text;
    const auto characters = [&](std::size_t bytes) {
      return static_cast<std::int64_t>(std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(bytes, text.size())),
                                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    };
    field("start", characters(span.start));
    field("end", characters(span.end));
    if (messages_) field("turn", static_cast<std::int64_t>(span.turn));
  }

  void safety(routing::understanding& seen) {
    out_.key("safety");
    out_.begin_object();
    out_.key("pii");
    out_.begin_object();
    field("score", seen.pii().score);
    out_.key("spans");
    out_.begin_array();
    for (const auto& span : seen.pii().spans) {
      out_.begin_object();
      word("kind", to_string(span.kind));
      place(span);
      field("confidence", span.confidence);
      out_.end_object();
    }
    out_.end_array();
    out_.end_object();
    out_.key("jailbreak");
    out_.begin_object();
    field("score", seen.jailbreak().score);
    out_.key("evidence");
    out_.begin_array();
    for (const auto& span : seen.jailbreak().spans) {
      out_.begin_object();
      word("why", span.why);
      place(span);
      out_.end_object();
    }
    out_.end_array();
    out_.end_object();
    out_.key("harmful");
    out_.begin_object();
    field("score", seen.harmful().score);
    if (!seen.harmful().category.empty()) word("category", seen.harmful().category);
    out_.end_object();
    out_.end_object();
  }

  void tokens(const routing::token_finding& found) {
    out_.key("tokens");
    out_.begin_object();
    field("input", found.input);
    field("output", found.output);
    field("output_low", found.output_low);
    field("output_high", found.output_high);
    out_.end_object();
  }

  json::out out_;
  const asked_line& asked_;
  bool messages_;
};

}  // namespace

outcome signals_line(const routing::signal_models& models, std::string_view line, std::size_t number, std::string& to) {
  json::document document;
  if (!document.parse_copy(line)) return client_error(error_code::invalid_json, document.fault());
  dom::object object;
  if (document.root().get(object) != simdjson::SUCCESS) return client_error(error_code::invalid_request, "expected an object");
  asked_line asked;
  if (auto read = read_line(object, asked); !read) return read;
  dom::element id;
  to += "{\"id\":";
  to += object.at_key("id").get(id) == simdjson::SUCCESS ? simdjson::minify(id) : std::to_string(number);
  to += ",\"signals\":";
  routing::understanding seen(models, asked.prompt);
  signal_writer(to, asked, object.at_key("prompt").error() != simdjson::SUCCESS).write(seen);
  to += "}\n";
  return done{};
}

int eval_signals(const eval_options& options) {
  const auto models = routing::signal_models::load(options.models);
  if (!models) return complain(models.failure().message), failed;
  const auto done = answer_lines(options.lines, [&](std::string_view line, std::size_t number, std::string& to) {
    return signals_line(**models, line, number, to);
  });
  if (!done) return complain(done.failure().message), failed;
  return fine;
}

}  // namespace switchyard::ctl
