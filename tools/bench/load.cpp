// bench_load: the load side of the benchmark. One thread; prints one JSON line.
//   bench_load PORT rate RATE SECONDS CONNECTIONS     open loop: latency counts from when a request was due
//   bench_load PORT requests TOTAL CONNECTIONS        closed loop
//   bench_load PORT streams TOTAL CONNECTIONS [FORMAT MODEL]   paced SSE streams, read to their end; FORMAT: chat, responses,
//                                                     messages, generateContent
//   bench_load PORT abort TOTAL CONNECTIONS           streams cut (RST) after their first bytes
#include "epoll_loop.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <vector>

namespace {

using namespace switchyard::bench;

enum class mode { rate, requests, streams, abort };

struct connection {
  int fd = -1;
  bool busy = false;
  std::string in;
  bench_clock::time_point due;
};

std::string message(std::uint16_t port, const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(port) +
         "\r\nauthorization: Bearer sk-bench\r\ncontent-type: application/json\r\naccept: */*\r\nuser-agent: bench/1\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A stream is asked for, in one of the formats; the same text in each.
std::string stream_request(std::uint16_t port, std::string_view format, const std::string& model) {
  const std::string system(600, 's'), user(280, 'u'), begin = R"({"model":")" + model + R"(","stream":true,)";
  if (format == "messages")
    return message(port, "/v1/messages", begin + R"("max_tokens":256,"system":")" + system + R"(","messages":[{"role":"user","content":")" + user + "\"}]}");
  if (format == "responses")
    return message(port, "/v1/responses", begin + R"("max_output_tokens":256,"instructions":")" + system + R"(","input":")" + user + "\"}");
  if (format == "generateContent")
    return message(port, "/genai/v1beta/models/" + model + ":streamGenerateContent?alt=sse", R"({"systemInstruction":{"parts":[{"text":")" + system + R"("}]},"contents":[{"role":"user","parts":[{"text":")" + user + "\"}]}]}");
  return message(port, "/v1/chat/completions", begin + R"("max_tokens":256,"messages":[{"role":"system","content":")" + system + R"("},{"role":"user","content":")" + user + "\"}]}");
}

std::string request(std::uint16_t port, bool stream) {
  // About 1 KB, as a short chat with a system prompt is.
  const std::string body = R"({"model":"small",)" + std::string(stream ? R"("stream":true,)" : "") + R"("messages":[{"role":"system","content":")" + std::string(600, 's') +
                           R"("},{"role":"user","content":")" + std::string(280, 'u') + R"("}],"temperature":0.7,"max_tokens":256})";
  return message(port, "/v1/chat/completions", body);
}

class load {
 public:
  load(std::uint16_t port, mode what, std::uint64_t total, std::size_t connections, double rate, std::string text)
      : port_(port), mode_(what), total_(total), rate_(rate), request_(std::move(text)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.push_back(std::make_unique<connection>());
      open(*connections_.back());
      idle_.push_back(connections_.back().get());
    }
  }

  void run() {
    started_ = bench_clock::now();
    std::vector<epoll_event> ready(512);
    while (finished_ + failed_ < total_) {
      start_requests();
      int wait_ms = 1000;
      if (mode_ == mode::rate) wait_ms = sent_ < total_ && bench_clock::now() >= due(sent_) - std::chrono::milliseconds(1) ? 0 : 1;
      const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait_ms);
      for (int i = 0; i < n; ++i) take(*static_cast<connection*>(ready[static_cast<std::size_t>(i)].data.ptr));
      if (n == 0 && bench_clock::now() - last_progress_ > std::chrono::seconds(20) && sent_ > 0) {
        std::fprintf(stderr, "no progress for 20 s\n");
        std::exit(1);
      }
    }
    print();
  }

 private:
  [[nodiscard]] bench_clock::time_point due(std::uint64_t index) const {
    return started_ + std::chrono::duration_cast<bench_clock::duration>(std::chrono::duration<double>(static_cast<double>(index) / rate_));
  }

  void open(connection& c) {
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    if (connect(c.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
    no_delay(c.fd);
    watch(epoll_, c.fd, EPOLLIN, &c);
    c.in.clear();
  }

  void reopen(connection& c, bool reset) {
    if (reset) {
      const linger at_once{1, 0};
      setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ::close(c.fd);
    open(c);
  }

  void start_requests() {
    while (sent_ < total_ && !idle_.empty()) {
      const auto now = bench_clock::now();
      const auto when = mode_ == mode::rate ? due(sent_) : now;
      if (when > now) return;
      connection& c = *idle_.front();
      idle_.pop_front();
      c.due = when;
      c.busy = true;
      ++sent_;
      if (::send(c.fd, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) fail(c);
    }
  }

  void fail(connection& c) {
    ++failed_;
    last_progress_ = bench_clock::now();
    reopen(c, false);
    release(c);
  }

  void release(connection& c) {
    c.busy = false;
    idle_.push_back(&c);
  }

  void take(connection& c) {
    if (!read_some(c.fd, c.in)) {
      if (c.busy) return fail(c);
      return reopen(c, false);   // an idle connection that the server closed
    }
    const std::size_t end = c.in.find("\r\n\r\n");
    if (!c.busy || end == std::string::npos) return;
    const std::string_view head = std::string_view(c.in).substr(0, end);
    const bool chunked = is_chunked(head);
    bool whole = false;
    if (mode_ == mode::abort) whole = c.in.size() > end + 4;
    else if (chunked) whole = c.in.ends_with("\r\n0\r\n\r\n");
    else whole = c.in.size() >= end + 4 + content_length(head);
    if (!whole) return;
    if (head.substr(0, 12) != "HTTP/1.1 200") return fail(c);
    ++finished_;
    last_progress_ = bench_clock::now();
    if (mode_ == mode::rate || mode_ == mode::requests) latencies_.push_back(std::chrono::duration<float, std::micro>(last_progress_ - c.due).count());
    if (mode_ == mode::abort) reopen(c, true);
    c.in.clear();
    release(c);
  }

  [[nodiscard]] float percentile(double p) {
    if (latencies_.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(p * static_cast<double>(latencies_.size() - 1));
    std::nth_element(latencies_.begin(), latencies_.begin() + at, latencies_.end());
    return latencies_[static_cast<std::size_t>(at)];
  }

  void print() {
    const double took = std::chrono::duration<double>(bench_clock::now() - started_).count();
    std::printf("{\"finished\":%llu,\"failed\":%llu,\"seconds\":%.3f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f}\n", static_cast<unsigned long long>(finished_),
                static_cast<unsigned long long>(failed_), took, percentile(0.5), percentile(0.9), percentile(0.99));
  }

  std::uint16_t port_;
  mode mode_;
  std::uint64_t total_;
  double rate_;
  std::string request_;
  int epoll_;
  std::vector<std::unique_ptr<connection>> connections_;
  std::deque<connection*> idle_;
  std::vector<float> latencies_;
  bench_clock::time_point started_;
  bench_clock::time_point last_progress_ = bench_clock::now();
  std::uint64_t sent_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t failed_ = 0;
};

int usage() {
  std::fprintf(stderr, "usage: bench_load PORT rate RATE SECONDS CONNECTIONS | requests|streams|abort TOTAL CONNECTIONS [FORMAT MODEL]\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return usage();
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::string_view name = argv[2];
  if (name == "rate") {
    if (argc < 6) return usage();
    const double rate = std::atof(argv[3]);
    load(port, mode::rate, static_cast<std::uint64_t>(rate * std::atof(argv[4])), static_cast<std::size_t>(std::atoi(argv[5])), rate, request(port, false)).run();
    return 0;
  }
  mode what = mode::requests;
  if (name == "streams") what = mode::streams;
  else if (name == "abort") what = mode::abort;
  else if (name != "requests") return usage();
  std::string text = request(port, what == mode::streams || what == mode::abort);
  if (argc > 6) text = stream_request(port, argv[5], argv[6]);
  load(port, what, std::strtoull(argv[3], nullptr, 10), static_cast<std::size_t>(std::atoi(argv[4])), 0, std::move(text)).run();
}
