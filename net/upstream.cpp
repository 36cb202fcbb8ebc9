#include "net/upstream.hpp"

#include "net/http_parser.hpp"
#include "net/upstream_pool.hpp"

#include <boost/asio/error.hpp>
#include <boost/container/small_vector.hpp>

#include <charconv>

namespace switchyard::net {

namespace {
constexpr std::size_t most_head_bytes = 64 * 1024;
constexpr std::size_t padding = 64;
}  // namespace

struct upstream_call::state {
  static void* operator new(std::size_t size) { return detail::allocate_frame(size); }
  static void operator delete(void* memory, std::size_t size) noexcept { detail::release_frame(memory, size); }

  state(io_thread& home, const endpoint& place, const call_limits& bounds) : thread(home), where(place), limits(bounds) {}

  io_thread& thread;
  endpoint where;
  call_limits limits;
  std::shared_ptr<upstream_connection> connection;
  std::function<void()> abandon_connect;
  call_fault fault = call_fault::none;
  bool cancelled = false;
  bool head_request = false;
  std::size_t given = 0;                 // decoded bytes at the front of connection->in that the caller holds
  microseconds first_byte{0};
  microseconds waited{0};

  void set_limit(milliseconds phase) {
    const auto until = thread.now() + phase;
    connection->limit.set(until < limits.deadline ? until : limits.deadline);
  }
  milliseconds connect_limit() const {
    const auto left = std::chrono::duration_cast<milliseconds>(limits.deadline == steady_time::max() ? limits.connect : limits.deadline - thread.now());
    return std::max(milliseconds(1), std::min(limits.connect, left));
  }

  /// Names what ended an operation on the connection.
  error ended(const system_error& failure, const char* when) {
    if (cancelled || connection->cancelled) {
      fault = call_fault::cancelled;
      return error{error_code::upstream_error, error_origin::client, false, "cancelled", {}};
    }
    if (connection->timed_out) {
      fault = call_fault::timeout;
      const bool all = thread.now() >= limits.deadline;
      return upstream_failure(all ? error_code::deadline_exceeded : error_code::upstream_timeout,
                              std::string(all ? "the deadline was reached " : "the provider did not answer in time ") + when, !all);
    }
    fault = call_fault::reset;
    return upstream_failure(error_code::upstream_error, std::string("the provider's connection broke ") + when + ": " + failure.message());
  }
  error broken_protocol(error what) {
    fault = call_fault::protocol;
    connection->broken = true;
    return what;
  }

  task<outcome> acquire(bool fresh);
  task<system_error> write_request(std::string_view method, std::string_view path, std::string_view head_lines, std::span<const std::string_view> body);
  task<result<response_head*>> read_head(bool& closed_before_first_byte);
  void release();
};

upstream_call::upstream_call(io_thread& thread, const endpoint& where, const call_limits& limits)
    : state_(std::make_unique<state>(thread, where, limits)) {}

upstream_call::~upstream_call() { state_->release(); }

void upstream_call::state::release() {
  if (!connection) return;
  auto leaving = std::exchange(connection, nullptr);
  leaving->in.consume(given);
  given = 0;
  if (!leaving->broken && leaving->parser.done() && leaving->parser.keep_alive() && leaving->in.empty()) {
    thread.pools().give_back(std::move(leaving));
  } else {
    leaving->limit.stop();
    leaving->stream.close();
  }
}

void upstream_call::cancel() noexcept {
  auto& s = *state_;
  s.cancelled = true;
  if (s.abandon_connect) s.abandon_connect();
  if (s.connection) s.connection->cancel();
}

call_fault upstream_call::fault() const noexcept { return state_->fault; }
microseconds upstream_call::first_byte_after() const noexcept { return state_->first_byte; }
microseconds upstream_call::waited() const noexcept { return state_->waited; }

task<outcome> upstream_call::state::acquire(bool fresh) {
  if (!fresh) {
    connection = thread.pools().take(where);
    if (connection) {
      connection->parser.reset(head_request);
      co_return done{};
    }
  }
  auto made = co_await thread.pools().connect(where, connect_limit(), abandon_connect);
  if (!made) {
    fault = cancelled ? call_fault::cancelled : call_fault::connect;
    co_return made.failure();
  }
  connection = *made;
  connection->parser.reset(head_request);
  if (cancelled) {
    connection->broken = true;
    fault = call_fault::cancelled;
    co_return error{error_code::upstream_error, error_origin::client, false, "cancelled", {}};
  }
  co_return done{};
}

task<system_error> upstream_call::state::write_request(std::string_view method, std::string_view path, std::string_view head_lines,
                                                       std::span<const std::string_view> body) {
  std::size_t length = 0;
  for (const auto piece : body) length += piece.size();
  auto& head = connection->request_head;
  head.clear();
  head += method;
  head += ' ';
  head += path;
  head += " HTTP/1.1\r\nhost: ";
  const bool v6 = where.host.find(':') != std::string::npos;
  if (v6) head += '[';
  head += where.host;
  if (v6) head += ']';
  char digits[20];
  if (where.port != (where.tls ? 443 : 80)) {
    head += ':';
    head.append(digits, std::to_chars(digits, digits + sizeof digits, where.port).ptr);
  }
  head += "\r\n";
  head += head_lines;
  if (length > 0 || method == "POST" || method == "PUT") {
    head += "content-length: ";
    head.append(digits, std::to_chars(digits, digits + sizeof digits, length).ptr);
    head += "\r\n";
  }
  head += "\r\n";
  boost::container::small_vector<iovec, 8> parts;
  parts.push_back({head.data(), head.size()});
  for (const auto piece : body)
    if (!piece.empty()) parts.push_back({const_cast<char*>(piece.data()), piece.size()});
  set_limit(limits.idle);
  co_return co_await write_all(thread, connection->stream, {parts.data(), parts.size()});
}

task<result<response_head*>> upstream_call::state::read_head(bool& closed_before_first_byte) {
  const auto written = thread.now();
  auto& in = connection->in;
  auto& parser = connection->parser;
  auto& head = connection->head;
  auto& head_bytes = connection->head_bytes;
  std::size_t searched = 0;
  bool first = true;
  set_limit(limits.first_byte);
  while (true) {
    const auto size = find_head_end(in.view(), searched);
    if (size == 0) {
      searched = in.size();
      if (in.size() > most_head_bytes) co_return broken_protocol(upstream_failure(error_code::upstream_error, "the provider's response head is larger than 64 KiB"));
      if (const auto failure = co_await connection->read()) {
        closed_before_first_byte = first && !connection->timed_out && !connection->cancelled;
        if (failure == asio::error::eof && !first && !connection->cancelled)
          co_return broken_protocol(upstream_failure(error_code::upstream_error, "the provider closed the connection within its response head"));
        co_return ended(failure, "before its answer");
      }
      if (first) {
        first = false;
        first_byte = std::chrono::duration_cast<microseconds>(thread.now() - written);
        waited += first_byte;
        set_limit(limits.idle);
      }
      continue;
    }
    head_bytes.assign(in.data(), size);
    in.consume(size);
    searched = 0;
    if (auto parsed = parser.parse_head(head_bytes, head.headers); !parsed) co_return broken_protocol(parsed.failure());
    head.status = parser.status();
    if (head.status >= 200) break;
    if (head.status == 101) co_return broken_protocol(upstream_failure(error_code::upstream_error, "the provider switched protocols"));
    parser.reset(head_request);   // 100, 102, 103: the real answer follows
  }
  co_return &head;
}

task<result<response_head*>> upstream_call::send(std::string_view method, std::string_view path, std::string_view head_lines,
                                                 std::span<const std::string_view> body) {
  auto& s = *state_;
  s.head_request = method == "HEAD";
  for (int round = 0;; ++round) {
    const auto begun = steady_now();     // not the slice's time: what was done before it is not waiting
    if (auto ready = co_await s.acquire(round > 0); !ready) {
      s.waited += std::chrono::duration_cast<microseconds>(s.thread.now() - begun);
      co_return ready.failure();
    }
    const bool pooled = s.connection->used_before;
    bool closed_early = false;
    result<response_head*> answer = nullptr;
    const auto failure = co_await s.write_request(method, path, head_lines, body);
    s.waited += std::chrono::duration_cast<microseconds>(s.thread.now() - begun);
    if (failure) {
      closed_early = !s.connection->timed_out && !s.connection->cancelled;
      answer = s.ended(failure, "while the request was sent");
    } else {
      answer = co_await s.read_head(closed_early);
    }
    if (answer) co_return answer;
    s.connection->broken = true;
    if (!(pooled && closed_early && round == 0)) co_return answer;
    // The provider had closed the idle connection while we took it: it saw nothing of the request.
    s.release();
    s.fault = call_fault::none;
  }
}

task<result<std::string_view>> upstream_call::read_body() {
  auto& s = *state_;
  auto& in = s.connection->in;
  in.consume(s.given);
  s.given = 0;
  while (!s.connection->parser.done()) {
    if (!in.empty()) {
      std::size_t decoded = 0;
      const std::size_t raw = in.size();
      auto used = s.connection->parser.parse_body(in.data(), raw, decoded);
      if (!used) co_return s.broken_protocol(used.failure());
      if (decoded > 0) {
        // [decoded | spent framing | not yet parsed]: the last part moves up to the decoded bytes.
        std::memmove(in.data() + decoded, in.data() + *used, raw - *used);
        in.truncate(decoded + raw - *used);
        s.given = decoded;
        co_return std::string_view(in.data(), decoded);
      }
      in.consume(*used);
      if (s.connection->parser.done()) break;
    }
    s.set_limit(s.limits.idle);
    const auto begun = s.thread.now();
    const auto failure = co_await s.connection->read();
    s.waited += std::chrono::duration_cast<microseconds>(s.thread.now() - begun);
    if (failure) {
      if (failure == asio::error::eof && !s.connection->cancelled) {
        auto over = s.connection->parser.end_of_stream();
        if (over) break;
        s.fault = call_fault::reset;
        co_return over.failure();
      }
      co_return s.ended(failure, "within its answer");
    }
  }
  co_return std::string_view{};
}

task<result<std::string_view>> upstream_call::read_all(std::size_t max_bytes) {
  auto& s = *state_;
  auto& in = s.connection->in;
  std::size_t ready = 0;                 // decoded bytes at the front
  const auto too_large = [&] {
    return s.broken_protocol(upstream_failure(error_code::upstream_error, "the provider's answer is larger than " + std::to_string(max_bytes) + " bytes", false));
  };
  if (s.connection->parser.remaining_length() > max_bytes) co_return too_large();
  while (!s.connection->parser.done()) {
    if (in.size() > ready) {
      std::size_t decoded = 0;
      const std::size_t raw = in.size() - ready;
      auto used = s.connection->parser.parse_body(in.data() + ready, raw, decoded);
      if (!used) co_return s.broken_protocol(used.failure());
      if (decoded != *used) std::memmove(in.data() + ready + decoded, in.data() + ready + *used, raw - *used);
      in.truncate(ready + decoded + raw - *used);
      ready += decoded;
      if (ready > max_bytes) co_return too_large();
      if (s.connection->parser.done()) break;
    }
    in.reserve_free(std::min<std::size_t>(s.connection->parser.remaining_length(), in.size() + 16 * 1024) + 2 * padding);
    s.set_limit(s.limits.idle);
    const auto begun = s.thread.now();
    const auto failure = co_await s.connection->read();
    s.waited += std::chrono::duration_cast<microseconds>(s.thread.now() - begun);
    if (failure) {
      if (failure == asio::error::eof && !s.connection->cancelled) {
        auto over = s.connection->parser.end_of_stream();
        if (over) break;
        s.fault = call_fault::reset;
        co_return over.failure();
      }
      co_return s.ended(failure, "within its answer");
    }
  }
  s.connection->limit.clear();
  in.reserve_free(padding);
  s.given = ready;
  co_return std::string_view(in.data(), ready);
}

task<void> upstream_call::skip_rest(milliseconds limit) {
  auto& s = *state_;
  s.limits.idle = limit;
  s.limits.deadline = std::min(s.limits.deadline, s.thread.now() + limit);
  while (true) {
    const auto piece = co_await read_body();
    if (!piece || piece->empty()) co_return;
  }
}

task<bool> probe_endpoint(io_thread& thread, endpoint where, milliseconds limit) {
  std::function<void()> abandon;
  auto made = co_await thread.pools().connect(where, limit, abandon);
  if (!made) co_return false;
  thread.pools().give_back(*made);
  co_return true;
}

}  // namespace switchyard::net
