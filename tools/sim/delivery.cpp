#include "tools/sim/delivery.hpp"

#include <algorithm>

namespace switchyard::sim {
namespace {

constexpr std::size_t coalesced = 4096;          // bytes of unpaced events that share one write
constexpr std::size_t line_block = 64 * 1024;    // bytes written at once by an endless line

std::vector<header> head_of(const reply& what, const fault_decision& extra) {
  std::vector<header> headers{{"content-type", what.content_type}};
  if (!what.events.empty()) headers.push_back({"cache-control", "no-cache"});
  for (const auto& [name, value] : what.headers) headers.push_back({name, value});
  for (const auto& [name, value] : extra.headers) headers.push_back({name, value});
  return headers;
}

std::vector<header> json_type() { return {{"content-type", "application/json"}}; }

milliseconds time_for(std::size_t tokens, const model_profile& pace) {
  if (pace.tokens_per_second <= 0) return milliseconds(0);
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(tokens) * 1000 / pace.tokens_per_second));
}

net::task<bool> write(net::exchange& on, std::string_view bytes) {
  const std::string_view pieces[] = {bytes};
  co_return static_cast<bool>(co_await on.write(pieces));
}

/// Keeps the connection without sending until the caller leaves.
net::task<void> hold(net::exchange& on) {
  // Not `while (co_await ...) {}`: GCC 12 turns that into a trap.
  for (;;) {
    const bool waited = co_await wait_for(on, seconds(10));
    if (!waited) co_return;
  }
}

/// The head and the first `most` events at their pace. Not ended.
net::task<delivered> stream_events(net::exchange& on, const reply& what, const model_profile& pace, const fault_decision& extra, std::size_t most) {
  delivered sent;
  sent.aborted = true;
  const steady_time start = steady_now();
  if (!co_await wait_for(on, pace.first_token)) co_return sent;
  const std::vector<header> headers = head_of(what, extra);
  if (!co_await on.begin(what.status, headers)) co_return sent;
  sent.status = what.status;
  std::string waiting;
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < std::min(most, what.events.size()); ++i) {
    const steady_time due = start + pace.first_token + time_for(tokens, pace);
    const steady_time now = steady_now();
    if (due > now || waiting.size() >= coalesced || i == 1) {
      if (!waiting.empty() && !co_await write(on, waiting)) co_return sent;
      waiting.clear();
      sent.tokens = tokens;
      if (due > now && !co_await wait_for(on, std::chrono::ceil<milliseconds>(due - now))) co_return sent;
    }
    waiting += what.events[i].bytes;
    tokens += what.events[i].tokens;
  }
  if (!co_await write(on, waiting)) co_return sent;
  sent.tokens = tokens;
  sent.aborted = on.client_gone();
  co_return sent;
}

net::task<delivered> respond(net::exchange& on, int status, std::vector<header> headers, std::string body) {
  const bool arrived = static_cast<bool>(co_await on.respond(status, headers, std::string_view(body)));
  co_return delivered{status, 0, !arrived};
}

complaint complaint_of(const fault_rule& fault, std::string_view key) {
  complaint why;
  why.status = fault.status;
  why.retry_after_s = fault.retry_after_s;
  if (fault.kind == fault_kind::rate_limited) why.what = trouble::rate_limited;
  if (fault.kind == fault_kind::insufficient_quota) why.what = trouble::out_of_quota;
  if (fault.kind == fault_kind::unauthorized) {
    why.what = trouble::unauthorized;
    why.message = "Incorrect API key provided: " + std::string(key) + ".";
  }
  return why;
}

reply with_broken_event(const faulted_call& of, std::size_t after) {
  reply spoilt = of.what;
  const std::size_t at = std::min(after, spoilt.events.size());
  spoilt.events.insert(spoilt.events.begin() + static_cast<std::ptrdiff_t>(at), {of.spoken.broken_event(of.what, at), 0});
  return spoilt;
}

/// Refuses as the wire does; the fault's own status, headers and body win.
net::task<delivered> respond_refusal(net::exchange& on, const faulted_call& of, const fault_decision& how, const complaint& why) {
  const fault_rule& fault = *how.fault;
  reply refusal = of.spoken.refuse(why, of.asked);
  std::vector<header> headers = head_of(refusal, how);
  for (const auto& [name, value] : fault.headers) {
    if (equal_ignoring_case(name, "content-type")) headers.front().value = value;
    else headers.push_back({name, value});
  }
  const std::string body = fault.body.empty() ? refusal.body : fault.body;
  co_return co_await respond(on, refusal.status, std::move(headers), body);
}

net::task<delivered> drip(net::exchange& on, const reply& what, const fault_decision& how) {
  std::string whole = what.body;
  for (const stream_event& e : what.events) whole += e.bytes;
  whole += what.last;
  delivered sent{what.status, 0, true};
  const std::vector<header> headers = head_of(what, how);
  if (!co_await on.begin(what.status, headers)) co_return sent;
  for (std::size_t at = 0; at < whole.size(); at += how.fault->bytes) {
    if (!co_await write(on, std::string_view(whole).substr(at, how.fault->bytes))) co_return sent;
    if (!co_await wait_for(on, how.fault->interval)) co_return sent;
  }
  if (!co_await on.end()) co_return sent;
  sent.aborted = false;
  sent.tokens = what.output_tokens;
  co_return sent;
}

net::task<delivered> endless_line(net::exchange& on, const wire& spoken, const fault_decision& how) {
  const header headers[] = {{"content-type", spoken.stream_type}};
  const std::string opening = spoken.endless_event();
  delivered sent{200, 0, true};
  if (!co_await on.begin(200, headers)) co_return sent;
  if (!co_await write(on, opening)) co_return sent;
  const std::string block(line_block, 'x');
  for (std::size_t n = 0; n < how.fault->bytes; n += line_block) {
    if (!co_await write(on, block)) co_return sent;
  }
  co_await hold(on);
  co_return sent;
}

/// The faults that send a part of the true answer first.
net::task<delivered> cut_short(net::exchange& on, const faulted_call& of, const fault_decision& how) {
  const fault_rule& fault = *how.fault;
  const reply& what = of.what;
  delivered sent;
  if (!what.events.empty()) {
    sent = co_await stream_events(on, what, of.pace, how, fault.after_events);
    if (sent.aborted) co_return sent;
  } else {
    const std::vector<header> headers = head_of(what, how);
    if (!co_await on.begin(what.status, headers)) co_return delivered{0, 0, true};
    (void)co_await write(on, std::string_view(what.body).substr(0, what.body.size() / 2));
    sent.status = what.status;
  }
  if (fault.kind == fault_kind::stream_error) {
    const complaint why = complaint_of(fault, of.key);
    const std::string event = of.spoken.break_off(why, what, std::min(fault.after_events, what.events.size()));
    (void)co_await write(on, event);
    (void)co_await on.end();
  } else if (fault.kind == fault_kind::truncate) {
    (void)co_await on.end();
  } else if (fault.kind == fault_kind::stall) {
    co_await hold(on);
    sent.aborted = true;
  } else {
    on.abort();
  }
  co_return sent;
}

}  // namespace

net::task<bool> wait_for(net::exchange& on, milliseconds duration) {
  if (on.client_gone()) co_return false;
  if (duration.count() <= 0) co_return true;
  net::signal<bool> over;
  net::io_thread::timer alarm;
  on.thread().arm(alarm, duration, [&over] { over.set(true); });
  on.on_client_gone([&over] { over.set(false); });
  const bool passed = co_await over;
  on.on_client_gone({});
  co_return passed;
}

net::task<delivered> deliver(net::exchange& on, const reply& what, const model_profile& pace, const fault_decision& extra) {
  if (!what.events.empty()) {
    delivered sent = co_await stream_events(on, what, pace, extra, what.events.size());
    if (sent.aborted) co_return sent;
    if (!what.last.empty() && !co_await write(on, what.last)) sent.aborted = true;
    if (!sent.aborted && !co_await on.end()) sent.aborted = true;
    co_return sent;
  }
  const milliseconds thinking = what.status == 200 ? pace.first_token + time_for(what.output_tokens, pace) : milliseconds(0);
  if (!co_await wait_for(on, thinking)) co_return delivered{0, 0, true};
  delivered sent = co_await respond(on, what.status, head_of(what, extra), what.body);
  if (!sent.aborted) sent.tokens = what.output_tokens;
  co_return sent;
}

// Arguments are named before they are awaited: GCC 12 destroys aggregates that are made inside a co_await twice.
net::task<delivered> deliver_fault(net::exchange& on, const faulted_call& of, const fault_decision& how) {
  const fault_rule& fault = *how.fault;
  const complaint why = complaint_of(fault, of.key);
  std::vector<header> headers = json_type();
  std::string body;
  switch (fault.kind) {
    case fault_kind::redirect:
      headers.push_back({"location", fault.location});
      co_return co_await respond(on, 302, headers, body);
    case fault_kind::wrong_content_type:
      headers.front().value = "text/html";
      body = "<html><body>It works!</body></html>";
      co_return co_await respond(on, 200, headers, body);
    case fault_kind::blackhole: co_await hold(on); co_return delivered{0, 0, true};
    case fault_kind::drip: co_return co_await drip(on, of.what, how);
    case fault_kind::endless_line: co_return co_await endless_line(on, of.spoken, how);
    case fault_kind::malformed_event:
      if (!of.what.events.empty()) {
        const reply spoilt = with_broken_event(of, fault.after_events);
        co_return co_await deliver(on, spoilt, of.pace, how);
      }
      [[fallthrough]];
    case fault_kind::malformed_json:
      body = of.spoken.broken_body;
      co_return co_await respond(on, 200, headers, body);
    case fault_kind::stream_error:
      if (!of.what.events.empty()) co_return co_await cut_short(on, of, how);
      break;
    case fault_kind::reset:
    case fault_kind::truncate:
    case fault_kind::stall: co_return co_await cut_short(on, of, how);
    case fault_kind::rate_limited:
    case fault_kind::insufficient_quota:
    case fault_kind::unauthorized:
    case fault_kind::latency:
    case fault_kind::headers:
    case fault_kind::status: break;
  }
  co_return co_await respond_refusal(on, of, how, why);
}

}  // namespace switchyard::sim
