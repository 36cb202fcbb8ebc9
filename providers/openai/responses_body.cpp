#include "providers/openai/responses_body.hpp"

#include "providers/json_document.hpp"

#include <algorithm>
#include <array>

namespace switchyard::providers::responses {

namespace {

using neutral::finish_reason;
using neutral::part;
using neutral::part_kind;

void put_string(std::string& out, std::string_view inside) {
  out += '"';
  out += inside;
  out += '"';
}

void put_inside(json::out& body, std::string_view name, std::string_view inside) {
  body.key(name);
  put_string(body.str(), inside);
  body.placed();
}

void put_held(json::out& body, std::string_view name, const packed_text& text, std::vector<lent_text>* lent) {
  body.key(name);
  body.str() += '"';
  text.put(body.str(), lent);
  body.str() += '"';
  body.placed();
}

void put_flat(json::out& body, json_text value) {
  body.place();
  append_flat(body.str(), value);
  body.placed();
}

/// Ids of other providers may hold anything; ours hold what every client takes.
[[nodiscard]] std::string plain(std::string_view text) {
  std::string out(text.substr(0, 64));
  for (char& c : out) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!ok) c = '_';
  }
  return out;
}

void write_counts(json::out& body, const neutral::token_counts* usage) {
  if (usage == nullptr || (!usage->input && !usage->output)) return body.raw("usage", "null");
  const auto input = usage->input.value_or(0);
  const auto output = usage->output.value_or(0);
  body.key("usage");
  body.begin_object();
  body.number("input_tokens", input);
  body.key("input_tokens_details");
  body.begin_object();
  body.number("cached_tokens", usage->cached_input.value_or(0));
  body.number("cache_write_tokens", usage->cache_write.value_or(0));
  body.end_object();
  body.number("output_tokens", output);
  body.key("output_tokens_details");
  body.begin_object();
  body.number("reasoning_tokens", usage->reasoning.value_or(0));
  body.end_object();
  body.number("total_tokens", input + output);
  body.end_object();
}

/// The codes that response.error knows.
[[nodiscard]] std::string_view failure_code(const error& what) noexcept {
  if (http_status(what) == 429) return "rate_limit_exceeded";
  return http_status(what) < 500 ? "invalid_prompt" : "server_error";
}

}  // namespace

bool output_item::idle() const noexcept {
  return std::none_of(pieces.begin(), pieces.end(), [](const output_piece& piece) { return piece.open; });
}

void response_body::start(json_text id, json_text model, std::optional<std::int64_t> created) {
  std::string_view own = json::inside(id);
  if (own.starts_with("resp_")) own.remove_prefix(5);
  id_ = plain(own.empty() ? context_.request_id : own);
  model_.clear();
  if (json::has_text(model)) model_ = model;
  else json::append_string(model_, context_.model);
  created_ = created.value_or(context_.created);
}

std::string response_body::make_id(std::string_view prefix) const {
  std::string out(prefix);
  out += id_;
  out += '_';
  out += std::to_string(items_.size());
  return out;
}

output_item* response_body::add(const part& what) {
  output_item item;
  switch (what.kind) {
    case part_kind::text:
    case part_kind::refusal: item.id = make_id("msg_"); break;
    case part_kind::tool_call: {
      neutral::arena texts;
      const auto tool = find_client_tool(context_.asked, what.name, texts);
      item.form = item_form::call;
      item.shape = tool.shape;
      item.name = tool.name;
      item.space = tool.space;
      item.id = make_id(tool.shape == tool_shape::function ? "fc_" : tool.shape == tool_shape::custom ? "ctc_" : "call_");
      if (json::has_text(what.id)) item.call_id = what.id;
      else put_string(item.call_id, make_id("call_"));
      item.sealed = json::inside(what.signature);
      break;
    }
    case part_kind::reasoning:
      item.form = item_form::reasoning;
      item.id = make_id("rs_");
      break;
    case part_kind::redacted_reasoning:
      item.form = item_form::reasoning;
      item.id = make_id("rs_");
      item.sealed = std::string(redacted_mark) + std::string(json::inside(what.data));
      break;
    case part_kind::foreign:
      if (!is_hosted_item(json::inside(json::find(what.original, "type")))) return nullptr;
      item.form = item_form::hosted;
      append_flat(item.original, what.original);
      break;
    case part_kind::image:   // a picture the model made
      if (what.data.empty()) return nullptr;
      item.form = item_form::hosted;
      item.original = R"({"type":"image_generation_call","id":")" + make_id("ig_") + R"(","status":"completed","result":)";
      item.original += what.data;
      item.original += '}';
      break;
    default: return nullptr;
  }
  items_.push_back(std::move(item));
  return &items_.back();
}

output_item& response_body::add_call_signature(std::size_t call) {
  output_item item;
  item.form = item_form::reasoning;
  item.id = make_id("rs_");
  item.sealed = std::string(call_mark) + std::string(json::inside(items_[call].call_id)) + ":" + items_[call].sealed;
  items_.push_back(std::move(item));
  return items_.back();
}

void response_body::write_piece(const output_piece& piece, bool announced, std::string& out) const {
  static const packed_text nothing;
  json::out body(out);
  body.begin_object();
  const auto& text = announced ? nothing : piece.text;
  if (piece.kind == part_kind::refusal) {
    body.text("type", "refusal");
    put_held(body, "refusal", text, lent_);
  } else {
    body.text("type", "output_text");
    body.raw("annotations", announced ? "[]" : '[' + piece.annotations + ']');
    body.raw("logprobs", announced ? "[]" : '[' + piece.logprobs + ']');
    put_held(body, "text", text, lent_);
  }
  body.end_object();
}

void response_body::write_item(const output_item& item, std::string_view status, std::string& out) const {
  if (item.form == item_form::hosted) {
    out += item.original;
    return;
  }
  const bool announced = status == "in_progress";
  static const packed_text nothing;
  const auto& text = item.pieces.empty() || announced ? nothing : item.pieces.front().text;
  json::out body(out);
  body.begin_object();
  body.text("id", item.id);
  switch (item.form) {
    case item_form::message:
      body.text("type", "message");
      body.text("status", status);
      body.text("role", "assistant");
      body.key("content");
      body.begin_array();
      if (!announced)
        for (const auto& piece : item.pieces) {
          body.place();
          write_piece(piece, false, out);
          body.placed();
        }
      body.end_array();
      break;
    case item_form::reasoning:
      body.text("type", "reasoning");
      body.key("summary");
      body.begin_array();
      if (!text.empty()) {
        body.begin_object();
        body.text("type", "summary_text");
        put_held(body, "text", text, lent_);
        body.end_object();
      }
      body.end_array();
      if (!item.sealed.empty()) put_inside(body, "encrypted_content", item.sealed);
      break;
    case item_form::call:
      body.text("type", call_type(item.shape));
      body.text("status", status);
      body.raw("call_id", item.call_id);
      if (item.shape == tool_shape::function || item.shape == tool_shape::custom) {
        body.raw("name", json::or_empty(item.name));   // a provider may have left it out
        if (!item.space.empty()) body.raw("namespace", item.space);
        put_held(body, item.shape == tool_shape::function ? "arguments" : "input", text, lent_);
      } else {
        std::string arguments;
        put_string(arguments, text.joined());
        write_action(body, item.shape, arguments);
      }
      break;
    case item_form::hosted: break;
  }
  body.end_object();
}

response_body::state response_body::state_of(finish_reason finish) const noexcept {
  const auto has_refusal = [this] {
    for (const auto& item : items_)
      for (const auto& piece : item.pieces)
        if (piece.kind == part_kind::refusal) return true;
    return false;
  };
  const auto incomplete = [](std::string_view reason) {
    return state{.status = "incomplete", .incomplete_reason = reason, .last_item_cut = true};
  };
  switch (finish) {
    case finish_reason::length:
    case finish_reason::context_exceeded: return incomplete("max_output_tokens");
    case finish_reason::content_filter: return incomplete("content_filter");
    case finish_reason::malformed_call: return incomplete("malformed_function_call");
    case finish_reason::refusal:
      if (!has_refusal()) return incomplete("content_filter");
      break;
    default: break;
  }
  return {.status = "completed"};
}

void response_body::write_repeated(json::out& body) const {
  struct row {
    std::string_view name, otherwise;
  };
  static constexpr std::array<row, 16> rows = {{{"instructions", "null"},
                                                {"max_output_tokens", "null"},
                                                {"max_tool_calls", "null"},
                                                {"metadata", "{}"},
                                                {"parallel_tool_calls", "true"},
                                                {"prompt_cache_key", "null"},
                                                {"reasoning", R"({"effort":null,"summary":null})"},
                                                {"safety_identifier", "null"},
                                                {"temperature", "1.0"},
                                                {"text", R"({"format":{"type":"text"}})"},
                                                {"tool_choice", "\"auto\""},
                                                {"tools", "[]"},
                                                {"top_logprobs", "0"},
                                                {"top_p", "1.0"},
                                                {"truncation", "\"disabled\""},
                                                {"user", "null"}}};
  for (const auto& [name, otherwise] : rows) {
    json_text value = otherwise;
    if (context_.asked != nullptr)
      for (const auto& member : context_.asked->originals)
        if (member.name == name) value = member.value;
    body.key(name);
    put_flat(body, value);
  }
}

void response_body::write(const state& now, std::string& out) const {
  json::out body(out);
  body.begin_object();
  body.text("id", "resp_" + id_);
  body.text("object", "response");
  body.number("created_at", created_);
  body.text("status", now.status);
  body.boolean("background", false);
  body.key("error");
  if (now.problem == nullptr) {
    body.null();
  } else {
    body.begin_object();
    body.text("code", failure_code(*now.problem));
    body.text("message", now.problem->message);
    body.end_object();
  }
  body.key("incomplete_details");
  if (now.incomplete_reason.empty()) {
    body.null();
  } else {
    body.begin_object();
    body.text("reason", now.incomplete_reason);
    body.end_object();
  }
  body.raw("model", model_);
  body.key("output");
  body.begin_array();
  if (now.status != "in_progress")
    for (const auto& item : items_) {
      body.place();
      const bool cut = now.status == "failed" ? !item.closed : now.last_item_cut && &item == &items_.back();
      write_item(item, cut ? "incomplete" : "completed", out);
      body.placed();
    }
  body.end_array();
  body.raw("previous_response_id", "null");
  write_repeated(body);
  body.raw("service_tier", service_tier_.empty() ? std::string_view("\"default\"") : std::string_view(service_tier_));
  body.boolean("store", false);   // nothing is kept that could be asked for later
  write_counts(body, now.usage);
  body.end_object();
}

void append_arguments(packed_text& out, tool_shape shape, json_text arguments) {
  const auto append_quoted = [&out](std::string_view text) {
    std::string quoted;
    json::append_string(quoted, text);
    out.append(json::inside(quoted));
  };
  if (shape == tool_shape::custom && json::is_object(arguments)) {
    const auto input = json::find(arguments, "input");
    if (json::is_string(input)) out.append(json::inside(input));
    else append_quoted(arguments);
  } else if (json::is_string(arguments)) {
    out.append(json::inside(arguments));
  } else {
    append_quoted(arguments.empty() ? json_text("{}") : arguments);
  }
}

void write_action(json::out& item, tool_shape shape, json_text arguments) {
  std::string text = json::is_string(arguments) ? json::unescape(arguments) : std::string(arguments);
  // What the model wrote goes into the body as JSON, so it has to be that, and in one line.
  json::document document;
  if (!json::is_object(text) || !document.parse_copy(text)) text = "{}";
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  if (shape == tool_shape::tool_search) {
    item.text("execution", "client");
    return item.raw("arguments", text);
  }
  if (shape == tool_shape::apply_patch) {
    const auto operation = json::find(text, "operation");
    return item.raw("operation", json::is_object(operation) ? operation : json_text(R"({"type":"update_file","path":"","diff":""})"));
  }
  item.key("action");
  item.begin_object();
  const bool local = shape == tool_shape::local_shell;
  const auto wanted = local ? std::string_view("command") : std::string_view("commands");
  if (local) item.text("type", "exec");
  bool has_command = false, has_env = false;
  json::members walk(text);
  for (json::member m; walk.next(m);) {
    if (m.name == "type") continue;
    if (m.name == wanted) {
      has_command = true;
      item.key(wanted);
      if (json::is_array(m.value)) {
        item.raw(m.value);
      } else {   // one line instead of a list
        item.raw((local ? R"(["bash","-lc",)" : "[") + std::string(json::is_string(m.value) ? m.value : json_text("\"\"")) + "]");
      }
      continue;
    }
    has_env |= m.name == "env";
    item.raw(m.name, m.value);
  }
  if (!has_command) item.raw(wanted, "[]");
  if (local && !has_env) item.raw("env", "{}");
  item.end_object();
}

}  // namespace switchyard::providers::responses
