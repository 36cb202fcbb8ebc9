// Reading Cohere's chat stream into neutral events.
//
//   message-start {"id"}
//   tool-plan-delta {"delta":{"message":{"tool_plan":S}}}
//   content-start {"index","delta":{"message":{"content":{"type":"text"|"thinking",…}}}}, content-delta …{"text"|"thinking":S}, content-end {"index"}
//   tool-call-start {"index","delta":{"message":{"tool_calls":{"id","function":{"name","arguments"}}}}}, tool-call-delta …, tool-call-end {"index"}
//   citation-start {"index","delta":{"message":{"citations":{…}}}}, citation-end
//   message-end {"delta":{"finish_reason","usage","error"?}}
//
// Contents and calls count from 0, each for itself. The type stands in the event's name and in its data; either will do.
#include "base/secret.hpp"
#include "providers/cohere/chat.hpp"
#include "providers/openai/chat.hpp"
#include "providers/openai/error.hpp"
#include "providers/sse_splitter.hpp"

#include <algorithm>

namespace switchyard::providers::cohere {

namespace {

using neutral::event;
using neutral::event_kind;
using neutral::part;
using neutral::part_kind;

class cohere_stream_reader final : public stream_reader {
 public:
  explicit cohere_stream_reader(std::string_view credential) : credential_(std::string(credential)) {}

  std::optional<failure> feed(std::string_view bytes, std::vector<event>& out) override {
    if (texts_used_) texts_ = std::make_unique<neutral::arena>();
    texts_used_ = false;
    if (done_) return {};
    splitter_.feed(bytes);
    for (sse_piece piece; !done_ && splitter_.next(piece);) {
      if (piece.completes_last) continue;
      const auto fields = read_sse_fields(piece.bytes, joined_);
      if (!fields.has_data || fields.data.empty() || fields.data.starts_with("[DONE]")) continue;
      std::string_view data = fields.data;
      if (data.data() == joined_.data()) data = texts().keep(std::move(joined_)), joined_ = {};
      if (auto problem = take(fields.event, data, out)) {
        done_ = true;
        return problem;
      }
    }
    if (!done_ && splitter_.overlong()) {
      done_ = true;
      return bad_response("the provider sent an event of more than 8 MiB");
    }
    return {};
  }

  void close(std::vector<event>&) override {}   // without message-end it did not end well

 private:
  enum class source { plan, content, call };
  struct open_part {
    source from = source::content;
    std::int64_t place = 0;
    std::uint32_t index = 0;
  };

  [[nodiscard]] neutral::arena& texts() {
    texts_used_ = true;
    return *texts_;
  }

  [[nodiscard]] failure problem(std::string_view body) const { return judge_error(0, body, {}, wall_time{}, credential_.reveal()); }

  [[nodiscard]] std::optional<failure> take(std::string_view name, std::string_view data, std::vector<event>& out) {
    std::string_view type = name, delta, id, error;
    std::int64_t place = 0;
    json::members walk(data);
    for (json::member m; walk.next(m);) {
      if (m.name == "type" && json::is_string(m.value)) type = json::inside(m.value);
      else if (m.name == "index") place = json::as_count(m.value).value_or(0);
      else if (m.name == "delta") delta = m.value;
      else if (m.name == "id") id = m.value;
      else if (m.name == "error" || (m.name == "message" && json::is_string(m.value))) error = m.value;
    }
    if (!walk.ok()) return bad_response("the provider sent an event that is not a JSON object");
    if (type == "error" || json::has_text(error) || json::has_entries(error)) return problem(data);
    const auto message = json::find(delta, "message");
    if (type == "content-delta") {
      more_content(place, json::find(message, "content"), out);
    } else if (type == "tool-call-delta") {
      more(find(source::call, place), json::find(json::find(json::find(message, "tool_calls"), "function"), "arguments"), out);
    } else if (type == "tool-plan-delta") {
      auto* plan = find(source::plan, 0);
      if (plan == nullptr) plan = &begin(source::plan, 0, {.kind = part_kind::reasoning}, out);
      more(plan, json::find(message, "tool_plan"), out);
    } else if (type == "message-start") {
      start(id, out);
    } else if (type == "content-start") {
      start(id, out);
      more_content(place, json::find(message, "content"), out);
    } else if (type == "tool-call-start") {
      start(id, out);
      end_parts([](const open_part& each) { return each.from != source::call; }, out);
      begin_call(place, json::find(message, "tool_calls"), out);
    } else if (type == "content-end" || type == "tool-call-end") {
      const auto from = type == "content-end" ? source::content : source::call;
      // A text's citations may follow its end: it stays open until something else begins.
      if (from == source::call) end_parts([&](const open_part& each) { return each.from == from && each.place == place; }, out);
    } else if (type == "citation-start") {
      cite(json::find(message, "citations"), out);
    } else if (type == "message-end") {
      return finish(id, delta, out);
    }
    return {};
  }

  [[nodiscard]] open_part* find(source from, std::int64_t place) noexcept {
    for (auto& each : open_)
      if (each.from == from && each.place == place) return &each;
    return nullptr;
  }

  void start(json_text id, std::vector<event>& out) {
    if (started_) return;
    started_ = true;
    event& made = out.emplace_back();
    made.kind = event_kind::start;
    made.id = chat::text_or_nothing(id);
  }

  open_part& begin(source from, std::int64_t place, const part& what, std::vector<event>& out) {
    start({}, out);
    event& made = out.emplace_back();
    made.kind = event_kind::part_begin;
    made.index = next_index_;
    made.part = what;
    return open_.emplace_back(open_part{from, place, next_index_++});
  }

  static void more(const open_part* at, json_text text, std::vector<event>& out) {
    if (at == nullptr || !json::has_text(text)) return;
    event& made = out.emplace_back();
    made.kind = event_kind::delta;
    made.index = at->index;
    made.text = text;
  }

  void more_content(std::int64_t place, json_text content, std::vector<event>& out) {
    const auto thinking = json::find(content, "thinking");
    const bool thinks = json::is_string(thinking) || json::is_text(json::find(content, "type"), "thinking");
    auto* at = find(source::content, place);
    if (at == nullptr) {
      end_parts([](const open_part&) { return true; }, out);
      at = &begin(source::content, place, {.kind = thinks ? part_kind::reasoning : part_kind::text}, out);
      text_ = thinks ? none : at->index;
    }
    more(at, thinks ? thinking : json::find(content, "text"), out);
  }

  void begin_call(std::int64_t place, json_text call, std::vector<event>& out) {
    const auto function = json::find(call, "function");
    part what{.kind = part_kind::tool_call, .name = chat::text_or_nothing(json::find(function, "name")), .id = chat::text_or_nothing(json::find(call, "id"))};
    if (what.id.empty()) what.id = chat::made_up_call_id(what.name, static_cast<int>(next_index_), texts());
    more(&begin(source::call, place, what, out), json::find(function, "arguments"), out);
  }

  void cite(json_text citations, std::vector<event>& out) {
    const auto at = std::find_if(open_.begin(), open_.end(), [&](const open_part& each) { return each.index == text_; });
    const auto made = read_citations(citations, texts());
    if (at == open_.end() || made.empty()) return;
    event& more = out.emplace_back();
    more.kind = event_kind::delta;
    more.index = at->index;
    more.citations = made;
  }

  template <class Meant>
  void end_parts(Meant&& is_meant, std::vector<event>& out) {
    for (const auto& each : open_) {
      if (!is_meant(each)) continue;
      event& made = out.emplace_back();
      made.kind = event_kind::part_end;
      made.index = each.index;
    }
    std::erase_if(open_, is_meant);
  }

  [[nodiscard]] std::optional<failure> finish(json_text id, json_text delta, std::vector<event>& out) {
    const auto error = json::find(delta, "error");
    const auto reason = json::find(delta, "finish_reason");
    if (json::has_text(error) || json::has_entries(error)) return problem(delta);
    if (next_index_ == 0 && read_finish(reason) == neutral::finish_reason::other)
      return bad_response(std::string(unknown_finish));
    start(id, out);
    end_parts([](const open_part&) { return true; }, out);
    event& last = out.emplace_back();
    last.kind = event_kind::finish;
    last.finish = read_finish(reason);
    event& counts = out.emplace_back();
    counts.kind = event_kind::counts;
    read_usage(json::find(delta, "usage"), counts.usage);
    out.emplace_back().kind = event_kind::end;
    done_ = true;
    return {};
  }

  static constexpr std::uint32_t none = static_cast<std::uint32_t>(-1);
  secret credential_;
  sse_splitter splitter_;
  std::string joined_;
  std::unique_ptr<neutral::arena> texts_ = std::make_unique<neutral::arena>();
  std::vector<open_part> open_;
  std::uint32_t next_index_ = 0;
  std::uint32_t text_ = none;            // the text that citations are about
  bool started_ = false;
  bool texts_used_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<stream_reader> open_reader(std::string_view credential) { return std::make_unique<cohere_stream_reader>(credential); }

}  // namespace switchyard::providers::cohere
