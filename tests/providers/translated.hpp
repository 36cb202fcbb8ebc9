// Following a translation in tests: what a reader understood, whether its events keep their order, what a writer made of them.
#pragma once

#include "providers/dialect.hpp"
#include "tests/providers/samples.hpp"

#include <boost/json.hpp>

#include <map>

namespace switchyard::providers::test {

/// What someone who listens to an answer has heard.
struct heard {
  struct call {
    std::string id, name, arguments;   // arguments as compact JSON
  };
  std::string text, refusal, thoughts, signature, opaque, logprobs;
  std::vector<std::string> citations;
  std::vector<call> calls;
  std::string finish;
};

[[nodiscard]] inline std::string plain(neutral::json_text text) { return text.empty() ? std::string() : boost::json::parse(text).as_string().c_str(); }
[[nodiscard]] inline std::string compact(std::string_view text) {
  boost::system::error_code bad;
  const auto value = boost::json::parse(text, bad);
  return bad ? std::string(text) : boost::json::serialize(value);
}

[[nodiscard]] inline heard hear(const std::vector<neutral::part>& parts) {
  heard out;
  for (const auto& part : parts) {
    switch (part.kind) {
      case neutral::part_kind::text: out.text += plain(part.text); break;
      case neutral::part_kind::refusal: out.refusal += plain(part.text); break;
      case neutral::part_kind::reasoning: out.thoughts += plain(part.text), out.signature += plain(part.signature); break;
      case neutral::part_kind::redacted_reasoning: out.opaque += plain(part.data); break;
      case neutral::part_kind::tool_call: out.calls.push_back({plain(part.id), plain(part.name), compact(part.arguments)}); break;
      default: break;
    }
    if (!part.citations.empty()) out.citations.emplace_back(part.citations);
  }
  return out;
}

struct translated {
  std::vector<heard> choices;
  neutral::token_counts usage;
  std::string written;             // by the writer
  std::string id, model;
  bool started = false, ended = false;
  std::optional<failure> problem;
  std::string complaint;           // an event out of order; "" is well
};

/// Holds a reader to what event_kind promises and gathers what it says.
class listener {
 public:
  explicit listener(translated& out) : out_(out) {}

  void take(const neutral::event& what) {
    using neutral::event_kind;
    if (out_.ended) return complain("an event after the end");
    if (!out_.started && what.kind != event_kind::start) complain("something before the start");
    if (what.kind == event_kind::counts) return void(out_.usage = what.usage);
    if (what.kind == event_kind::start) {
      if (out_.started) complain("a second start");
      out_.started = true;
      out_.id = plain(what.id), out_.model = plain(what.model);
      return;
    }
    if (what.kind == event_kind::end) {
      for (const auto& [key, open] : parts_)
        if (open.open) complain("a part is open at the end");
      for (const auto& one : out_.choices)
        if (one.finish.empty()) complain("a choice without a finish");
      out_.ended = true;
      return;
    }
    if (out_.choices.size() <= what.choice) out_.choices.resize(what.choice + 1), next_.resize(what.choice + 1);
    auto& choice = out_.choices[what.choice];
    const auto key = std::make_pair(what.choice, what.index);
    switch (what.kind) {
      case event_kind::part_begin:
        if (what.index != next_[what.choice]++) complain("parts are not numbered in order");
        parts_[key] = {what.part.kind, true, choice.calls.size()};
        if (what.part.kind == neutral::part_kind::tool_call) choice.calls.push_back({plain(what.part.id), plain(what.part.name), ""});
        if (what.part.kind == neutral::part_kind::redacted_reasoning) choice.opaque += plain(what.part.data);
        break;
      case event_kind::delta: {
        if (!parts_.count(key) || !parts_[key].open) return complain("a delta of no open part");
        const auto& part = parts_[key];
        const auto text = plain(what.text);
        if (part.kind == neutral::part_kind::tool_call) choice.calls[part.call].arguments += text;
        if (part.kind == neutral::part_kind::text) choice.text += text;
        if (part.kind == neutral::part_kind::refusal) choice.refusal += text;
        if (part.kind == neutral::part_kind::reasoning) choice.thoughts += text;
        choice.signature += plain(what.signature);
        if (!what.citations.empty()) choice.citations.emplace_back(what.citations);
        choice.logprobs += what.logprobs;
        break;
      }
      case event_kind::part_end:
        if (!parts_.count(key) || !parts_[key].open) return complain("the end of no open part");
        parts_[key].open = false;
        if (parts_[key].kind == neutral::part_kind::tool_call) {
          auto& arguments = choice.calls[parts_[key].call].arguments;
          arguments = arguments.empty() ? "{}" : compact(arguments);
        }
        break;
      case event_kind::finish:
        if (!choice.finish.empty()) complain("a second finish");
        choice.finish = std::to_string(static_cast<int>(what.finish));
        for (const auto& [which, open] : parts_)
          if (which.first == what.choice && open.open) complain("a part is open at the finish");
        break;
      default: break;
    }
  }

 private:
  struct state {
    neutral::part_kind kind = neutral::part_kind::text;
    bool open = false;
    std::size_t call = 0;
  };
  void complain(const char* what) {
    if (out_.complaint.empty()) out_.complaint = what;
  }
  translated& out_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, state> parts_;
  std::vector<std::uint32_t> next_;
};

/// Reads a stream piece by piece (from copies, so that a stale view would be noticed by a sanitizer) and writes it.
[[nodiscard]] inline translated translate(const dialect& from, const dialect& to, const std::vector<std::string_view>& pieces,
                                          const answer_context& context = {.request_id = "r1", .model = "asked", .created = 7}) {
  translated out;
  listener ear(out);
  const auto reader = from.open_reader("sk-secret");
  const auto writer = to.open_writer(context);
  std::vector<neutral::event> events;
  const auto pass_on = [&] {
    for (const auto& event : events) ear.take(event), writer->write(event, out.written);
    events.clear();
  };
  for (const auto piece : pieces) {
    const std::vector<char> copy(piece.begin(), piece.end());
    auto problem = reader->feed(std::string_view(copy.data(), copy.size()), events);
    pass_on();
    if (!problem) continue;
    writer->fail(problem->what, out.written);
    out.problem = std::move(problem);
    return out;
  }
  reader->close(events);
  pass_on();
  return out;
}

/// The data of a stream's events, "[DONE]" left out.
[[nodiscard]] inline std::vector<boost::json::object> chunks(const std::string& stream) {
  std::vector<boost::json::object> out;
  std::istringstream lines(stream);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("data: {")) out.push_back(boost::json::parse(line.substr(6)).as_object());
  return out;
}

}  // namespace switchyard::providers::test
