// Reading a provider's chat stream into neutral events (legacy text completions, too).
//
//   stream = *comment *chunk [usage chunk] "data: [DONE]"
//   chunk  = {"id","model","created","choices":[{"index","delta":{…}|"text":S,"finish_reason":S|null,"logprobs"?}],"usage"?,"error"?}
//   delta  = {"content"?: S|[part…], "refusal"?, "reasoning_content"|"reasoning"?, "reasoning_details"?, "annotations"?, "images"?,
//             "tool_calls"?: [{"index","id"?,"function":{"name"?,"arguments"?}}]}
//
// A chunk that differs from the one before in its text alone is not read again (event_shape.hpp).
//
// A choice's text, refusal and thoughts follow one another: a new kind ends the part before it. Tool calls may interleave; a call ends
// when another begins and its own arguments are a whole object, else with the choice.
#include "base/secret.hpp"
#include "providers/event_shape.hpp"
#include "providers/openai/chat.hpp"
#include "providers/openai/error.hpp"
#include "providers/sse_splitter.hpp"

#include <optional>

namespace switchyard::providers::chat {

using neutral::event;
using neutral::event_kind;
using neutral::json_text;
using neutral::part;
using neutral::part_kind;

namespace {

constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
constexpr std::size_t most_choices = 128;      // OpenAI's own bound for n
constexpr std::size_t most_calls = 1024;       // of one choice; beyond it a stream is not what it should be

/// Follows the pieces of a JSON string whose content is an object's text: is the object whole?
class object_balance {
 public:
  void feed(json_text piece) noexcept {
    const auto text = json::inside(piece);
    for (std::size_t i = 0; i < text.size(); ++i) {
      char c = text[i];
      if (c == '\\' && i + 1 < text.size()) {   // an escape of the outer string
        c = text[++i];
        if (c == 'u') i += 4, c = ' ';
        else if (c != '"' && c != '\\') c = ' ';
      }
      take(c);
    }
  }
  [[nodiscard]] bool whole() const noexcept { return begun_ && depth_ == 0; }

 private:
  void take(char c) noexcept {
    if (in_string_) {
      if (escaped_) escaped_ = false;
      else if (c == '\\') escaped_ = true;
      else if (c == '"') in_string_ = false;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_, begun_ = true;
    } else if ((c == '}' || c == ']') && depth_ > 0) {
      --depth_;
    }
  }
  int depth_ = 0;
  bool begun_ = false, in_string_ = false, escaped_ = false;
};

struct call_state {
  std::int64_t index = -1;       // the provider's; -1: it gives none
  std::string id;                // raw
  std::uint32_t part = none;
  bool open = true;
  object_balance arguments;
};

struct choice_state {
  std::uint32_t next_part = 0;
  std::uint32_t open_part = none;      // text, refusal or thoughts
  part_kind open_kind = part_kind::text;
  std::vector<call_state> calls;
  bool begun = false;
  bool finished = false;
};

class chat_stream_reader final : public stream_reader {
 public:
  explicit chat_stream_reader(std::string_view credential) : credential_(std::string(credential)) {}

  std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    texts_.reset();
    if (over_) return std::nullopt;
    splitter_.feed(bytes);
    for (sse_piece piece; !over_ && splitter_.next(piece);)
      if (!piece.completes_last)
        if (auto problem = take(piece.bytes, out)) return fail(std::move(*problem));
    if (!over_ && splitter_.overlong()) return fail(bad_response("the provider sent an event of more than 8 MiB"));
    // Some close without the last blank line; nothing of worth can follow the end marker.
    if (!over_ && is_done_line(splitter_.pending())) finish_all(out);
    return std::nullopt;
  }

  void close(std::vector<event>& out) override {
    texts_.reset();
    if (over_) return;
    last_event_ = splitter_.pending();
    if (!last_event_.empty() && take(last_event_, out)) over_ = true;   // broken off within an event
    if (over_) return;
    bool whole = false;
    for (const auto& choice : choices_) {
      if (choice.begun && !choice.finished) return;
      whole |= choice.finished;
    }
    if (whole) finish_all(out);   // some leave the end marker out
  }

 private:
  [[nodiscard]] static bool is_done_line(std::string_view pending) noexcept {
    if (!pending.starts_with("data:")) return false;
    pending.remove_prefix(5);
    if (pending.starts_with(' ')) pending.remove_prefix(1);
    return pending.starts_with("[DONE]\n") || pending.starts_with("[DONE]\r");
  }

  [[nodiscard]] neutral::arena& texts() {
    if (!texts_) texts_.emplace();
    return *texts_;
  }

  [[nodiscard]] failure fail(failure what) {
    over_ = true;
    return what;
  }

  [[nodiscard]] std::optional<failure> take(std::string_view bytes, std::vector<event>& out) {
    if (event_shape::values seen; shape_.matches(bytes, seen) && json::has_text(seen[0])) {   // more of what the last one said
      out.push_back(delta_event(seen[0], {}));
      return std::nullopt;
    }
    shape_.forget();
    const auto before = out.size();
    auto problem = read(bytes, out);
    if (!problem && out.size() == before + 1 && is_text_alone(out.back())) shape_.remember(bytes, {out.back().text, obfuscation_});
    return problem;
  }

  [[nodiscard]] bool is_text_alone(const event& what) noexcept {
    return what.kind == event_kind::delta && what.logprobs.empty() && what.signature.empty() && what.citations.empty() && json::has_text(what.text) &&
           what.index == current().open_part && current().open_kind == part_kind::text;
  }

  [[nodiscard]] std::optional<failure> read(std::string_view bytes, std::vector<event>& out) {
    std::string& joined = data_lines_;
    auto fields = read_sse_fields(bytes, joined);
    if (!fields.has_data || (fields.data.empty() && fields.event != "error")) return std::nullopt;
    if (fields.data.data() == joined.data()) fields.data = texts().keep(std::string(joined));   // two such events in one feed
    if (fields.data.starts_with("[DONE]")) {
      finish_all(out);
      return std::nullopt;
    }
    if (fields.event == "error") return problem(fields.data.empty() ? std::string_view("{}") : fields.data);
    return take_chunk(fields.data, out);
  }

  /// Some put the error into an ordinary chunk: only the error itself is judged.
  [[nodiscard]] failure problem(std::string_view data) const {
    std::string bare;
    if (const auto error = json::find(data, "error"); json::is_object(error)) data = bare.append(R"({"error":)").append(error).append("}");
    return judge_error(0, data, {}, wall_time{}, credential_.reveal());
  }

  [[nodiscard]] std::optional<failure> take_chunk(std::string_view data, std::vector<event>& out) {
    std::string_view choices, usage, error;
    obfuscation_ = {};
    event start{.kind = event_kind::start};
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "choices") choices = m.value;
      else if (m.name == "usage") usage = json::is_object(m.value) ? m.value : usage;
      else if (m.name == "error" && (json::has_entries(m.value) || json::has_text(m.value))) error = data;
      else if (m.name == "id") start.id = text_or_nothing(m.value);
      else if (m.name == "model") start.model = text_or_nothing(m.value);
      else if (m.name == "created") start.created = json::as_count(m.value);
      else if (m.name == "service_tier") start.service_tier = text_or_nothing(m.value);
      else if (m.name == "obfuscation") obfuscation_ = m.value;
      else if (m.name == "x_groq" && json::is_object(m.value)) {
        if (usage.empty()) usage = json::find(m.value, "usage");
        if (const auto inner = json::find(m.value, "error"); json::has_entries(inner) || json::has_text(inner)) error = wrapped(inner);
      }
    }
    if (!walk.ok()) return bad_response("the provider sent an event that is not a JSON object");
    if (!error.empty()) return problem(error);
    if (!started_ && json::has_entries(choices)) out.push_back(start), started_ = true;
    json::elements list(choices);
    for (std::string_view entry; list.next(entry);)
      if (auto broken = take_choice(entry, out)) return broken;
    if (json::is_object(usage)) {
      read_usage(usage, counts_);
      out.push_back({.kind = event_kind::counts, .usage = counts_});
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string_view wrapped(std::string_view error) {
    return texts().keep(std::string(R"({"error":)") + std::string(error) + "}");
  }

  [[nodiscard]] std::optional<failure> take_choice(std::string_view object, std::vector<event>& out) {
    std::string_view delta, text, finish;
    json_text logprobs;
    std::size_t index = 0;
    json::members walk(object);
    for (json::member m; walk.next(m);) {
      if (m.name == "index") index = static_cast<std::size_t>(json::as_count(m.value).value_or(0));
      else if (m.name == "delta" || (m.name == "message" && delta.empty())) delta = m.value;
      else if (m.name == "text") text = m.value;
      else if (m.name == "finish_reason") finish = m.value;
      else if (m.name == "logprobs" && json::has_entries(m.value)) logprobs = m.value;
      else if (m.name == "error" && json::has_entries(m.value)) return problem(object);
    }
    if (index >= most_choices) return bad_response("the provider sent a choice number that cannot be");
    if (choices_.size() <= index) choices_.resize(index + 1);
    choice_ = static_cast<std::uint32_t>(index);
    choices_[index].begun = true;
    if (choices_[index].finished) return std::nullopt;   // repeats of the last chunk; nothing may follow it
    if (json::has_text(text)) add(part_kind::text, text, logprobs, out);
    if (json::is_object(delta))
      if (auto broken = take_delta(delta, logprobs, out)) return broken;
    if (json::has_text(finish)) end_choice(read_finish_reason(finish), out);
    return std::nullopt;
  }

  [[nodiscard]] std::optional<failure> take_delta(std::string_view delta, json_text logprobs, std::vector<event>& out) {
    std::string_view content, thoughts, details, refusal, calls, function, annotations, images;
    json::members walk(delta);
    for (json::member m; walk.next(m);) {
      if (m.name == "content") content = m.value;
      else if ((m.name == "reasoning_content" || m.name == "reasoning") && json::has_text(m.value)) thoughts = m.value;
      else if (m.name == "reasoning_details") details = m.value;
      else if (m.name == "refusal") refusal = m.value;
      else if (m.name == "tool_calls") calls = m.value;
      else if (m.name == "function_call") function = m.value;
      else if (m.name == "annotations") annotations = m.value;
      else if (m.name == "images") images = m.value;
    }
    take_thoughts(thoughts, details, out);
    if (json::has_text(content)) add(part_kind::text, content, logprobs, out);
    else if (json::is_array(content)) take_parts(content, logprobs, out);
    else if (!logprobs.empty() && current().open_part != none) out.push_back(delta_event({}, logprobs));
    if (json::has_text(refusal)) add(part_kind::refusal, refusal, logprobs, out);
    if (json::has_entries(annotations)) {
      open(part_kind::text, out);
      out.push_back({.kind = event_kind::delta, .choice = choice_, .index = current().open_part, .text = "\"\"", .citations = annotations});
    }
    json::elements pictures(images);
    for (std::string_view entry; pictures.next(entry);) add_whole(read_content_part(entry, texts()), out);
    json::elements list(calls);
    for (std::string_view entry; list.next(entry);)
      if (auto broken = take_call(entry, json::find(entry, "function"), out)) return broken;
    if (json::has_entries(function)) return take_call(R"({"index":0})", function, out);
    if (calls.empty() && current().open_part != none)
      if (const auto signature = google_signature(delta); !signature.empty())
        out.push_back({.kind = event_kind::delta, .choice = choice_, .index = current().open_part, .text = "\"\"", .signature = signature});
    return std::nullopt;
  }

  [[nodiscard]] choice_state& current() noexcept { return choices_[choice_]; }
  [[nodiscard]] event delta_event(json_text text, json_text logprobs) noexcept {
    return {.kind = event_kind::delta, .choice = choice_, .index = current().open_part, .text = text.empty() ? "\"\"" : text, .logprobs = logprobs};
  }

  /// The text is said under up to two names; signatures stand in the details only.
  void take_thoughts(std::string_view plain, std::string_view details, std::vector<event>& out) {
    if (!plain.empty()) add(part_kind::reasoning, plain, {}, out);
    json::elements list(details);
    for (std::string_view entry; list.next(entry);) {
      const part one = read_reasoning_detail(entry);
      if (one.kind == part_kind::redacted_reasoning) add_whole(one, out);
      if (one.kind != part_kind::reasoning) continue;
      if (plain.empty() && !one.text.empty()) add(part_kind::reasoning, one.text, {}, out);
      if (one.signature.empty()) continue;
      open(part_kind::reasoning, out);
      out.push_back({.kind = event_kind::delta, .choice = choice_, .index = current().open_part, .text = "\"\"", .signature = one.signature});
      close_part(out);   // a signature seals what it signs
    }
  }

  /// Content as a list, as Mistral's reasoning models send it.
  void take_parts(std::string_view content, json_text logprobs, std::vector<event>& out) {
    json::elements walk(content);
    for (std::string_view entry; walk.next(entry);) {
      const part one = read_content_part(entry, texts());
      if (one.kind == part_kind::text || one.kind == part_kind::reasoning || one.kind == part_kind::refusal) {
        if (json::has_text(one.text)) add(one.kind, one.text, logprobs, out);
      } else {
        add_whole(one, out);
      }
    }
  }

  void open(part_kind kind, std::vector<event>& out) {
    auto& choice = current();
    if (choice.open_part != none && choice.open_kind == kind) return;
    close_part(out);
    close_whole_calls(out);
    choice.open_part = choice.next_part++;
    choice.open_kind = kind;
    out.push_back({.kind = event_kind::part_begin, .choice = choice_, .index = choice.open_part, .part = {.kind = kind}});
  }

  void add(part_kind kind, json_text text, json_text logprobs, std::vector<event>& out) {
    open(kind, out);
    out.push_back(delta_event(text, logprobs));
  }

  void add_whole(const part& what, std::vector<event>& out) {
    close_part(out);
    const auto index = current().next_part++;
    out.push_back({.kind = event_kind::part_begin, .choice = choice_, .index = index, .part = what});
    out.push_back({.kind = event_kind::part_end, .choice = choice_, .index = index});
  }

  void close_part(std::vector<event>& out) {
    auto& choice = current();
    if (choice.open_part == none) return;
    out.push_back({.kind = event_kind::part_end, .choice = choice_, .index = choice.open_part});
    choice.open_part = none;
  }

  void close_call(call_state& call, std::vector<event>& out) {
    if (!call.open) return;
    call.open = false;
    out.push_back({.kind = event_kind::part_end, .choice = choice_, .index = call.part});
  }
  void close_whole_calls(std::vector<event>& out) {
    for (auto& call : current().calls)
      if (call.arguments.whole()) close_call(call, out);
  }

  [[nodiscard]] std::optional<failure> take_call(std::string_view object, std::string_view function, std::vector<event>& out) {
    auto& calls = current().calls;
    const auto index = json::as_count(json::find(object, "index")).value_or(-1);
    const auto id = text_or_nothing(json::find(object, "id"));
    if (function.empty()) function = json::find(object, "custom");
    const auto name = text_or_nothing(json::find(function, "name"));
    auto arguments = json::find(function, "arguments");
    if (arguments.empty()) arguments = json::find(function, "input");

    call_state* call = nullptr;
    for (auto& known : calls)
      if (index >= 0 ? known.index == index : &known == &calls.back()) call = &known;
    // Some number every call 0, or none: then another id, or another name once the arguments are whole, is another call.
    if (call != nullptr && !id.empty() && call->id != id) call = nullptr;
    if (call != nullptr && id.empty() && !name.empty() && call->arguments.whole()) call = nullptr;
    if (call != nullptr && !call->open) return std::nullopt;   // its arguments were whole: this can only be white space
    if (call == nullptr) {
      if (calls.size() >= most_calls) return bad_response("the provider sent more tool calls than can be");
      close_part(out);
      close_whole_calls(out);
      calls.push_back({.index = index, .id = std::string(id), .part = current().next_part++});
      call = &calls.back();
      part begun{.kind = part_kind::tool_call, .name = name.empty() ? json_text("\"\"") : name, .id = id, .signature = google_signature(object)};
      if (id.empty()) begun.id = made_up_call_id(begun.name, made_up_++, texts());
      out.push_back({.kind = event_kind::part_begin, .choice = choice_, .index = call->part, .part = begun});
    }
    if (json::is_object(arguments)) arguments = texts().quote(arguments);   // whole, where a string was due
    if (json::has_text(arguments)) {
      call->arguments.feed(arguments);
      out.push_back({.kind = event_kind::delta, .choice = choice_, .index = call->part, .text = arguments});
    }
    return std::nullopt;
  }

  void end_choice(neutral::finish_reason why, std::vector<event>& out) {
    auto& choice = current();
    close_part(out);
    for (auto& call : choice.calls) close_call(call, out);
    choice.finished = true;
    out.push_back({.kind = event_kind::finish, .choice = choice_, .finish = why});
  }

  void finish_all(std::vector<event>& out) {
    for (choice_ = 0; choice_ < choices_.size(); ++choice_)
      if (current().begun && !current().finished)
        end_choice(current().calls.empty() ? neutral::finish_reason::other : neutral::finish_reason::tool_calls, out);
    out.push_back({.kind = event_kind::end});
    over_ = true;
  }

  secret credential_;
  sse_splitter splitter_;
  std::string data_lines_;                   // an event's data where it has more than one line
  std::string last_event_;                   // what close() found unfinished
  std::optional<neutral::arena> texts_;      // what the current feed had to make
  std::string_view obfuscation_;             // of the chunk being read: filling of a random length
  event_shape shape_;                        // of the last chunk, if it had text and nothing else
  std::vector<choice_state> choices_;
  neutral::token_counts counts_;
  std::uint32_t choice_ = 0;                 // being read
  int made_up_ = 0;
  bool started_ = false;
  bool over_ = false;                        // the end was given, or a failure
};

}  // namespace

std::unique_ptr<stream_reader> open_reader(std::string_view credential) { return std::make_unique<chat_stream_reader>(credential); }

}  // namespace switchyard::providers::chat
