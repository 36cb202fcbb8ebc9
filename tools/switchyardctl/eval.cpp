#include "tools/switchyardctl/eval.hpp"

#include "config/model_folders.hpp"
#include "providers/json_document.hpp"
#include "providers/json_out.hpp"
#include "routing/cache/hit_judge.hpp"
#include "tools/switchyardctl/commands.hpp"

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace switchyard::ctl {

namespace json = providers::json;
namespace dom = simdjson::dom;

namespace {

// The object in a line; `document` keeps it alive.
result<dom::object> object_in(json::document& document, std::string_view line) {
  if (!document.parse_copy(line)) return client_error(error_code::invalid_json, document.fault());
  dom::object found;
  if (document.root().get(found) != simdjson::SUCCESS) return client_error(error_code::invalid_request, "expected an object");
  return found;
}

std::optional<std::string_view> text_of_member(const dom::object& from, std::string_view name) {
  std::string_view text;
  if (from.at_key(name).get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

// A message's text: a string, or the text parts of a list.
std::string content_text(const dom::element& content) {
  if (std::string_view text; content.get(text) == simdjson::SUCCESS) return std::string(text);
  std::string joined;
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS) return joined;
  for (const auto part : parts) {
    std::string_view text;
    if (part["text"].get(text) != simdjson::SUCCESS) continue;
    if (!joined.empty()) joined += '\n';
    joined += text;
  }
  return joined;
}

result<std::string> last_user_turn(const dom::array& messages) {
  std::optional<std::string> last;
  for (const auto message : messages) {
    std::string_view role;
    dom::element content;
    if (message["role"].get(role) == simdjson::SUCCESS && role == "user" && message["content"].get(content) == simdjson::SUCCESS)
      last = content_text(content);
  }
  if (!last) return wrong_field("messages", "a message with role user and a content");
  return std::move(*last);
}

result<std::string> text_to_embed(const dom::object& line) {
  for (const auto* name : {"prompt", "text"})
    if (dom::element value; line.at_key(name).get(value) == simdjson::SUCCESS) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) return wrong_field(name, "a string");
      return std::string(text);
    }
  dom::array messages;
  if (line.at_key("messages").get(messages) != simdjson::SUCCESS) return wrong_field("prompt", "a string (or messages: a list)");
  return last_user_turn(messages);
}

// Six places behind the point: a unit vector's coordinates, much faster than shortest round-trip digits.
void append_coordinate(std::string& to, float value) {
  constexpr long unit = 1'000'000;
  auto millionths = std::lround(std::abs(static_cast<double>(value)) * unit);
  char digits[] = "-0.000000";
  for (auto* at = digits + 8; at > digits + 2; --at, millionths /= 10) *at = static_cast<char>('0' + millionths % 10);
  digits[1] = static_cast<char>('0' + millionths);
  to.append(value < 0 ? digits : digits + 1);
}

void append_id(std::string& to, const dom::object& line) {
  dom::element id;
  if (line.at_key("id").get(id) != simdjson::SUCCESS) return;
  to += "\"id\":";
  to += simdjson::minify(id);
  to += ',';
}

// Answers every line of the files with what `prepare` makes of the loaded embedding.
template <class Prepare>
int eval(const eval_options& options, routing::embedder::rows read, const Prepare& prepare) {
  const auto folders = config::model_folders(options.models);
  const auto model = routing::embedder::load(config::model_file(folders, "embedding.bin"), read);
  if (!model) return complain(model.failure().message), failed;
  const auto answer = prepare(*model, folders);
  if (!answer) return complain(answer.failure().message), failed;
  const auto done = answer_lines(options.lines, *answer);
  if (!done) return complain(done.failure().message), failed;
  return fine;
}

}  // namespace

outcome embed_line(const routing::embedder& model, std::string_view line, std::size_t number, std::string& to) {
  json::document document;
  const auto object = object_in(document, line);
  if (!object) return object.failure();
  const auto text = text_to_embed(*object);
  if (!text) return text.failure();
  const auto before = to.size();
  to += '{';
  append_id(to, *object);
  if (to.size() == before + 1) to += "\"id\":" + std::to_string(number) + ',';
  to += "\"vector\":[";
  for (const float x : model.embed(*text)) {
    append_coordinate(to, x);
    to += ',';
  }
  to.back() = ']';
  to += "}\n";
  return done{};
}

outcome similarity_line(const routing::hit_judge& judge, float threshold, std::string_view line, std::string& to) {
  json::document document;
  const auto object = object_in(document, line);
  if (!object) return object.failure();
  const auto a = text_of_member(*object, "a"), b = text_of_member(*object, "b");
  if (!a || !b) return wrong_field(a ? "b" : "a", "a string");
  const auto found = routing::likeness_of(judge, *a, *b, threshold);
  to += '{';
  append_id(to, *object);
  to += "\"similarity\":";
  append_coordinate(to, found.similarity);
  to += ",\"cosine\":";
  append_coordinate(to, found.cosine);
  to += found.hit ? ",\"hit\":true,\"why\":" : ",\"hit\":false,\"why\":";
  json::append_string(to, found.why);
  to += "}\n";
  return done{};
}

using folder_list = std::vector<std::string>;

int eval_embed(const eval_options& options) {
  return eval(options, routing::embedder::rows::in_context, [](const routing::embedder& model, const folder_list&) -> result<line_answer> {
    return line_answer([&model](std::string_view line, std::size_t number, std::string& to) { return embed_line(model, line, number, to); });
  });
}

int eval_similarity(const eval_options& options) {
  // As the cache does.
  return eval(options, routing::embedder::rows::alone, [&options](const routing::embedder& model, const folder_list& folders) -> result<line_answer> {
    auto judge = routing::load_judge(model, config::model_file(folders, "hit_verifier.bin"));
    if (!judge) return judge.failure();
    return line_answer([judge = *std::move(judge), threshold = static_cast<float>(options.threshold)](std::string_view line, std::size_t, std::string& to) {
      return similarity_line(*judge, threshold, line, to);
    });
  });
}

}  // namespace switchyard::ctl
