#include "net/server_connection.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/container/small_vector.hpp>

#include <charconv>
#include <ctime>

namespace switchyard::net {

namespace {

constexpr std::size_t first_read = 4096;
constexpr std::size_t most_pipelined = 64 * 1024;
constexpr std::size_t padding = 64;

error client_left() {
  return error{error_code::invalid_request, error_origin::client, false, "the client closed the connection", {}, 499};
}
error too_slow() {
  return error{error_code::invalid_request, error_origin::client, false, "the request did not arrive in time", {}, 408};
}
error too_large(std::uint64_t limit) {
  return error{error_code::invalid_request, error_origin::client, false,
               "the request body is larger than " + std::to_string(limit) + " bytes", {}, 413};
}

}  // namespace

server_connection::server_connection(io_thread& thread, std::shared_ptr<server_shared> shared, tcp_socket socket)
    : thread_(thread), shared_(std::move(shared)), stream_(std::move(socket)), deadline_(thread, [this] {
        timed_out_ = true;
        // A read that waits is only called off, so that a 408 can still be sent; a stalled write is cut.
        if (reader_ && reading_)
          stream_.cancel_read();
        else
          cut();
      }) {
  shared_->open.fetch_add(1, std::memory_order_relaxed);
}

server_connection::~server_connection() { shared_->open.fetch_sub(1, std::memory_order_relaxed); }

void server_connection::start(asio::ssl::context* tls) {
  // The coroutine's frame does not own the connection: this shared_ptr does, for as long as it runs.
  [](std::shared_ptr<server_connection> self, asio::ssl::context* context) -> detail::detached {
    co_await self->run(context);
  }(shared_from_this(), tls);
}

std::string server_connection::peer() const { return stream_.peer(); }

task<void> server_connection::run(asio::ssl::context* tls) {
  if (tls != nullptr && !co_await handshake(*tls)) {
    cut();
    co_return;
  }
  if (tls == nullptr) stream_.start_plain(thread_);
  while (!closed_ && co_await read_head()) {
    busy_ = true;
    if (!framing_.chunked && framing_.content_length.value_or(0) == 0) read_in_background();
    co_await shared_->serve(*this);
    if (!begun_ && !gone_) {
      co_await refuse(internal_error("the request was not answered"));
    } else if (streaming_ && !ended_) {
      cut();   // the handler gave up in the middle: the client must not take it for complete
    }
    after_handler();
    if (!keep_alive_ || shared_->draining.load(std::memory_order_relaxed)) break;
  }
  if (!closed_ && !gone_) {
    // An orderly end: the client gets the last bytes even if it has sent some we did not read.
    stream_.shutdown_send();
    wait_at_most(milliseconds(500));
    std::size_t drained = 0;
    while (drained < most_pipelined && co_await more()) {
      drained += in_.size();
      in_.consume(in_.size());
    }
  }
  cut();
  deadline_.stop();
}

task<bool> server_connection::handshake(asio::ssl::context& tls) {
  auto& secure = stream_.start_tls(tls);
  wait_at_most(shared_->options.header_timeout);
  signal<system_error> finished;
  secure.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this(), &finished](const system_error& failure) { finished.set(failure); });
  const auto failure = co_await finished;
  deadline_.clear();
  co_return !failure;
}

void server_connection::start_read() {
  if (reading_ || closed_) return;
  in_.reserve_free(first_read);
  reading_ = true;
  stream_.read(in_.free_begin(), in_.free_size() - padding, shared_from_this());
}

void server_connection::on_read(const system_error& failure, std::size_t n) {
  const io_thread::time_slice slice(thread_);
  reading_ = false;
  if (!failure)
    in_.commit(n);
  else if (!timed_out_ || closed_)
    lost();
  if (reader_)
    std::exchange(reader_, {}).resume();
  else if (!failure)
    read_in_background();
}

void server_connection::lost() {
  gone_ = true;
  if (on_gone_) std::exchange(on_gone_, nullptr)();
}

void server_connection::on_client_gone(std::function<void()> call) {
  on_gone_ = std::move(call);
  if (gone_ && on_gone_) std::exchange(on_gone_, nullptr)();
}

void server_connection::read_in_background() {
  if (in_.size() < most_pipelined && !gone_) start_read();
}

task<bool> server_connection::more() {
  if (gone_ || closed_ || timed_out_) co_return false;
  struct awaiter {
    server_connection& self;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      self.reader_ = waiter;
      self.start_read();
    }
    void await_resume() const noexcept {}
  };
  co_await awaiter{*this};
  co_return !gone_ && !closed_ && !timed_out_;
}

task<bool> server_connection::read_head() {
  std::size_t searched = 0;
  wait_at_most(shared_->options.idle_timeout);
  bool first = in_.empty();
  if (!first) {
    started_ = thread_.now();
    wait_at_most(shared_->options.header_timeout);
  }
  std::size_t head_size = 0;
  while (true) {
    // RFC 9112 2.2: an empty line before the request line is skipped.
    while (in_.size() >= 2 && in_.data()[0] == '\r' && in_.data()[1] == '\n') {
      in_.consume(2);
      searched = 0;
    }
    head_size = find_head_end(in_.view(), searched);
    if (head_size != 0) break;
    searched = in_.size();
    if (in_.size() > max_head_bytes) {
      busy_ = true;
      error what = client_error(error_code::invalid_request, "the request head is larger than 16 KiB");
      what.status = 431;
      co_await refuse(std::move(what));
      co_return false;
    }
    if (!co_await more()) {
      if (timed_out_ && !first && !gone_ && !closed_) co_await refuse(too_slow());
      co_return false;
    }
    if (first) {
      first = false;
      started_ = thread_.now();
      wait_at_most(shared_->options.header_timeout);
    }
  }
  deadline_.clear();
  head_bytes_.assign(in_.data(), head_size);
  in_.consume(head_size);
  begun_ = streaming_ = ended_ = body_read_ = false;
  auto framing = validate_request_head(head_bytes_, &head_.headers);
  if (framing && framing->chunked) {
    if (auto parsed = parser_.parse_head(head_bytes_, head_.headers); !parsed) framing = parsed.failure();
  }
  if (!framing) {
    busy_ = true;
    co_await refuse(framing.failure());
    co_return false;
  }
  framing_ = *framing;
  keep_alive_ = framing_.keep_alive;
  head_.method = framing_.method;
  head_.target = framing_.target;
  const auto question = head_.target.find('?');
  head_.path = head_.target.substr(0, question);
  head_.query = question == std::string_view::npos ? std::string_view{} : head_.target.substr(question + 1);
  co_return true;
}

task<result<std::string_view>> server_connection::read_body(std::uint64_t max_bytes) {
  body_read_ = true;
  if (framing_.content_length.value_or(0) > max_bytes) {
    keep_alive_ = false;
    co_return too_large(max_bytes);
  }
  if (framing_.expect_continue && in_.empty() && (framing_.chunked || framing_.content_length.value_or(0) > 0)) {
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    iovec part{const_cast<char*>(go_on.data()), go_on.size()};
    if (auto sent = co_await send({&part, 1}); !sent) co_return sent.failure();
  }
  if (framing_.chunked) co_return co_await read_chunked_body(max_bytes);
  co_return co_await read_sized_body(framing_.content_length.value_or(0));
}

task<result<std::string_view>> server_connection::read_sized_body(std::uint64_t length) {
  const auto size = static_cast<std::size_t>(length);
  while (in_.size() < size) {
    if (!reading_) in_.reserve_free(std::min(size - in_.size(), in_.size() + first_read) + 2 * padding);
    wait_at_most(shared_->options.idle_timeout);
    if (!co_await more()) {
      keep_alive_ = false;
      co_return timed_out_ ? too_slow() : client_left();
    }
  }
  deadline_.clear();
  // The body keeps the memory it was read into; what was pipelined behind it moves. A read that is pending (only after a
  // handler waited before it asked for the body) owns the memory: then the body is copied.
  if (reading_) {
    body_.append(in_.view().substr(0, size));
    in_.consume(size);
  } else {
    body_.swap(in_);
    in_.append(body_.view().substr(size));
    body_.truncate(size);
  }
  body_.reserve_free(padding);
  read_in_background();
  co_return body_.view();
}

task<result<std::string_view>> server_connection::read_chunked_body(std::uint64_t max_bytes) {
  chunked_body_.clear();
  while (true) {
    auto used = parser_.parse_chunks(in_.view(), chunked_body_);
    if (!used) {
      keep_alive_ = false;
      co_return used.failure();
    }
    in_.consume(*used);
    if (parser_.done()) break;
    if (chunked_body_.size() > max_bytes || in_.size() > max_head_bytes) {
      keep_alive_ = false;
      co_return too_large(max_bytes);
    }
    wait_at_most(shared_->options.idle_timeout);
    if (!co_await more()) {
      keep_alive_ = false;
      co_return timed_out_ ? too_slow() : client_left();
    }
  }
  deadline_.clear();
  if (chunked_body_.size() > max_bytes) co_return too_large(max_bytes);
  chunked_body_.reserve(chunked_body_.size() + padding);
  read_in_background();
  co_return std::string_view(chunked_body_);
}

void server_connection::after_handler() {
  busy_ = false;
  on_gone_ = nullptr;
  deadline_.clear();
  // A body the handler did not ask for: skip what is here, give up the connection if there is more to come.
  if (!body_read_ && (framing_.chunked || framing_.content_length.value_or(0) > 0)) {
    const auto length = framing_.content_length.value_or(0);
    if (framing_.chunked || in_.size() < length)
      keep_alive_ = false;
    else
      in_.consume(static_cast<std::size_t>(length));
  }
  body_.release();
  if (chunked_body_.capacity() > first_read) std::string().swap(chunked_body_);
  if (out_head_.capacity() > first_read) std::string().swap(out_head_);
}

void server_connection::write_head(int status, std::span<const header> headers, std::optional<std::uint64_t> length) {
  out_head_.clear();
  out_head_ += "HTTP/1.1 ";
  char digits[20];
  out_head_.append(digits, std::to_chars(digits, digits + sizeof digits, status).ptr);
  out_head_ += ' ';
  out_head_ += reason_phrase(status);
  out_head_ += "\r\n";
  std::size_t size = out_head_.size();
  std::size_t at = size;
  for (const auto& field : headers) size += field.name.size() + field.value.size() + 4;
  out_head_.resize(size);
  const auto put = [&](std::string_view text) {
    std::memcpy(out_head_.data() + at, text.data(), text.size());
    at += text.size();
  };
  for (const auto& field : headers) {
    put(field.name);
    put(": ");
    if (!field.value.empty()) put(field.value);
    put("\r\n");
  }
  out_head_ += "date: ";
  out_head_ += http_date();
  if (shared_->draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (!length && framing_.minor_version == 0) keep_alive_ = false;
  if (length) {
    out_head_ += "\r\ncontent-length: ";
    out_head_.append(digits, std::to_chars(digits, digits + sizeof digits, *length).ptr);
  } else if (framing_.minor_version == 1) {
    out_head_ += "\r\ntransfer-encoding: chunked";
  }
  if (!keep_alive_)
    out_head_ += "\r\nconnection: close";
  else if (framing_.minor_version == 0)
    out_head_ += "\r\nconnection: keep-alive";
  out_head_ += "\r\n\r\n";
}

task<outcome> server_connection::send(std::span<iovec> parts) {
  if (gone_ || closed_) co_return client_left();
  wait_at_most(shared_->options.idle_timeout);
  const auto failure = co_await write_all(thread_, stream_, parts);
  deadline_.clear();
  if (failure) {
    lost();
    co_return client_left();
  }
  co_return done{};
}

task<outcome> server_connection::respond(int status, std::span<const header> headers, std::span<const std::string_view> body) {
  if (begun_) co_return internal_error("the response was begun twice");
  begun_ = ended_ = true;
  std::uint64_t length = 0;
  for (const auto piece : body) length += piece.size();
  if (!body_read_ && (framing_.chunked || framing_.content_length.value_or(0) > in_.size())) keep_alive_ = false;
  write_head(status, headers, length);
  boost::container::small_vector<iovec, 4> parts;
  parts.push_back({out_head_.data(), out_head_.size()});
  if (head_.method != "HEAD")
    for (const auto piece : body)
      if (!piece.empty()) parts.push_back({const_cast<char*>(piece.data()), piece.size()});
  co_return co_await send({parts.data(), parts.size()});
}

task<outcome> server_connection::begin(int status, std::span<const header> headers) {
  if (begun_) co_return internal_error("the response was begun twice");
  begun_ = streaming_ = true;
  if (!body_read_ && (framing_.chunked || framing_.content_length.value_or(0) > in_.size())) keep_alive_ = false;
  write_head(status, headers, std::nullopt);   // leaves with the first piece
  co_return done{};
}

task<outcome> server_connection::write(std::span<const std::string_view> pieces) {
  std::size_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  if (gone_ || closed_) co_return client_left();
  char chunk_head[20];
  boost::container::small_vector<iovec, 8> parts;
  if (!out_head_.empty()) parts.push_back({out_head_.data(), out_head_.size()});
  const bool chunked = framing_.minor_version == 1;
  if (size > 0) {
    if (chunked) {
      char* end = std::to_chars(chunk_head, chunk_head + 16, size, 16).ptr;
      *end++ = '\r';
      *end++ = '\n';
      parts.push_back({chunk_head, static_cast<std::size_t>(end - chunk_head)});
    }
    for (const auto piece : pieces)
      if (!piece.empty()) parts.push_back({const_cast<char*>(piece.data()), piece.size()});
    if (chunked) parts.push_back({const_cast<char*>("\r\n"), 2});
  }
  // As send() does, without a coroutine of its own: this is the path of every event of a stream.
  wait_at_most(shared_->options.idle_timeout);
  const auto failure = co_await write_all(thread_, stream_, {parts.data(), parts.size()});
  deadline_.clear();
  out_head_.clear();
  if (failure) {
    lost();
    co_return client_left();
  }
  co_return done{};
}

task<outcome> server_connection::end() {
  if (ended_) co_return done{};
  ended_ = true;
  iovec parts[2];
  std::size_t count = 0;
  if (!out_head_.empty()) parts[count++] = {out_head_.data(), out_head_.size()};
  if (framing_.minor_version == 1) parts[count++] = {const_cast<char*>("0\r\n\r\n"), 5};
  auto sent = co_await send({parts, count});
  out_head_.clear();
  co_return sent;
}

task<void> server_connection::refuse(error what) {
  keep_alive_ = false;
  framing_.minor_version = 1;
  begun_ = false;
  const std::string body = shared_->options.error_body(what);
  const header headers[] = {{"content-type", "application/json"}};
  (void)co_await respond(http_status(what), headers, std::string_view(body));
  busy_ = false;
}

void server_connection::stop_when_idle() {
  if (!busy_) cut();
}

void server_connection::cut() {
  if (closed_) return;
  closed_ = true;
  if (streaming_ && !ended_)
    stream_.reset();
  else
    stream_.close();
  // No read is pending to notice: whoever waits is told here.
  if (!reading_) {
    lost();
    if (reader_) std::exchange(reader_, {}).resume();
  }
}

std::string_view http_date() {
  thread_local std::time_t made = 0;
  thread_local char text[32];
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    made = now;
  }
  return {text, size};
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return status < 400 ? "OK" : "Error";
  }
}

}  // namespace switchyard::net
