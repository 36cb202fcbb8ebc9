// bench_mock PORT: the fast provider behind every proxy of the benchmark. One thread.
// A body with "stream":true gets 50 SSE events 10 ms apart, any other request a canned chat completion of about 1 KB.
#include "epoll_loop.hpp"

#include <csignal>
#include <deque>
#include <unordered_map>
#include <vector>

namespace {

using namespace switchyard::bench;

constexpr int events_per_stream = 50;
constexpr auto between_events = std::chrono::milliseconds(10);

struct connection {
  int fd;
  std::uint64_t id;
  std::string in;
  int events_left = 0;
};

struct due_event {
  bench_clock::time_point at;
  std::uint64_t id;
};

std::string canned_answer() {
  const std::string text(640, 'x');
  const std::string body = R"({"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion","created":1735689600,"model":"small","choices":[{"index":0,"message":{"role":"assistant","content":")" +
                           text + R"(","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":160,"total_tokens":180,"prompt_tokens_details":{"cached_tokens":0}},"service_tier":"default","system_fingerprint":"fp_bench"})";
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string chunk(const std::string& text) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", text.size());
  return size + text + "\r\n";
}

const std::string answer = canned_answer();
const std::string stream_head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const std::string stream_event = chunk(R"(data: {"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion.chunk","created":1735689600,"model":"small","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]})"
                                       "\n\n");
const std::string stream_end = chunk("data: [DONE]\n\n") + "0\r\n\r\n";

class mock {
 public:
  explicit mock(std::uint16_t port) : epoll_(epoll_create1(EPOLL_CLOEXEC)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = loopback(port);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener_, 4096) != 0) die("listen");
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    watch(epoll_, listener_, EPOLLIN, nullptr);
    std::printf("listening mock=127.0.0.1:%u\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    std::vector<epoll_event> ready(512);
    while (true) {
      int wait_ms = -1;
      if (!due_.empty()) {
        const auto left = due_.front().at - bench_clock::now();
        wait_ms = left.count() <= 0 ? 0 : static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
      }
      const int n = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait_ms);
      for (int i = 0; i < n; ++i) {
        auto* c = static_cast<connection*>(ready[static_cast<std::size_t>(i)].data.ptr);
        if (c == nullptr) accept_all();
        else serve(*c);
      }
      send_due();
    }
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      no_delay(fd);
      auto* c = new connection{fd, ++last_id_, {}, 0};
      open_[c->id] = c;
      watch(epoll_, fd, EPOLLIN, c);
    }
  }

  void close(connection& c) {
    open_.erase(c.id);
    ::close(c.fd);
    delete &c;
  }

  /// Everything sent is small against the socket buffer; a reader that lets it fill is dropped.
  bool send(connection& c, const std::string& bytes) {
    if (::send(c.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size())) return true;
    close(c);
    return false;
  }

  void serve(connection& c) {
    if (!read_some(c.fd, c.in)) return close(c);
    while (c.events_left == 0) {
      const std::size_t end = c.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const std::size_t length = content_length(std::string_view(c.in).substr(0, end));
      if (c.in.size() < end + 4 + length) return;
      const bool stream = std::string_view(c.in).substr(end + 4, length).find("\"stream\":true") != std::string_view::npos;
      c.in.erase(0, end + 4 + length);
      if (!send(c, stream ? stream_head : answer)) return;
      if (stream) {
        c.events_left = events_per_stream + 1;
        due_.push_back({bench_clock::now() + between_events, c.id});
      }
    }
  }

  void send_due() {
    const auto now = bench_clock::now();
    while (!due_.empty() && due_.front().at <= now) {
      const due_event event = due_.front();
      due_.pop_front();
      const auto found = open_.find(event.id);
      if (found == open_.end()) continue;
      connection& c = *found->second;
      if (!send(c, --c.events_left == 0 ? stream_end : stream_event)) continue;
      if (c.events_left > 0) due_.push_back({event.at + between_events, c.id});
    }
  }

  int epoll_;
  int listener_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, connection*> open_;
  std::deque<due_event> due_;   // in order: every wait is equally long
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  mock(static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0)).run();
}
