// Answers before a guard (guard: {answers: true}): nothing of an answer is sent before all of it was judged.

#include "actors/request_life.hpp"

#include "providers/answer_text.hpp"
#include "routing/stages/guard.hpp"

namespace switchyard::actors {

/// The route's guard, if it judges answers.
const routing::stage* request_life::answer_guard() const {
  if (record_.route && !providers::is_embedding(request_.operation))
    for (const auto& stage : record_.route->stages)
      if (routing::stages::judges_answers(*stage)) return stage.get();
  return nullptr;
}

/// What it finds goes on record; an error: the answer is to be withheld. `streamed`: the bytes are a stream of the client's format.
std::optional<error> request_life::judge_answer(const routing::stage& guard, std::string_view answer, bool streamed) {
  const bool frames = streamed && request_.operation == providers::api::converse;
  const auto text = providers::answer_text(answer, frames ? providers::answer_bytes::frames : providers::answer_bytes::json);
  const routing::turn turns[] = {{routing::speaker::user, text}};
  routing::prompt said;
  said.turns = turns;
  routing::understanding known(*guard.models(), said);
  auto judged = routing::stages::judge_answer(guard, known);
  for (const auto& found : judged.findings) record_.findings.push_back(found);
  return std::move(judged.refusal);
}

/// The provider did its work and is paid for it; the client gets an error instead.
net::task<request_life::attempt_end> request_life::withhold_answer(error what, attempt_record& report) {
  report.outcome.result = routing::call_result::ok;
  record_.status = http_status(what);
  record_.error_code = to_string(what.code);
  record_.ending = request_ending::error;
  const std::string body = ingress_.error_body(what);
  (void)co_await seal_row(report);
  auto headers = answer_headers("application/json", false);
  const auto own = ingress_.error_headers(what);
  for (const auto& [name, value] : own) headers.push_back({name, value});
  if (auto sent = co_await x_.respond(record_.status, fields_of(headers), std::string_view(body)); !sent) co_return attempt_end::client_left;
  co_return attempt_end::answered;
}

}  // namespace switchyard::actors
