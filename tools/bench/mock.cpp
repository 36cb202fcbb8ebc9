// bench_mock PORT: the fast provider behind every proxy of the benchmark. One thread.
// A body with "stream":true gets 50 SSE events 10 ms apart, any other request a canned chat completion of about 1 KB. The path says in
// which format the stream is: OpenAI's chat, or its responses, Anthropic's messages, Gemini's streamGenerateContent.
#include "epoll_loop.hpp"

#include <csignal>
#include <deque>
#include <unordered_map>
#include <vector>

namespace {

using namespace switchyard::bench;

constexpr int events_per_stream = 50;
constexpr auto between_events = std::chrono::milliseconds(10);

/// What is sent at once, 50 times, and at the end.
struct stream_script {
  std::string begin, event, end;
};

struct connection {
  int fd;
  std::uint64_t id;
  std::string in;
  int events_left = 0;
  const stream_script* script = nullptr;
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
const std::string chat_event = chunk(R"(data: {"id":"chatcmpl-0123456789abcdef01234567","object":"chat.completion.chunk","created":1735689600,"model":"small","choices":[{"index":0,"delta":{"content":" token"},"logprobs":null,"finish_reason":null}]})"
                                       "\n\n");
const stream_script chat_script = {stream_head, chat_event, chunk("data: [DONE]\n\n") + "0\r\n\r\n"};

std::string event(const std::string& type, const std::string& members) { return "event: " + type + "\ndata: {\"type\":\"" + type + "\"," + members + "}\n\n"; }

stream_script messages_script() {
  return {stream_head + chunk(event("message_start", R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"small","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":20,"output_tokens":1}})") +
                              event("content_block_start", R"("index":0,"content_block":{"type":"text","text":""})")),
          chunk(event("content_block_delta", R"("index":0,"delta":{"type":"text_delta","text":" token"})")),
          chunk(event("content_block_stop", R"("index":0)") + event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":50})") +
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") + "0\r\n\r\n"};
}

stream_script responses_script() {
  const std::string response = R"("response":{"id":"resp_1","object":"response","created_at":1735689600,"model":"small","status":)";
  const std::string place = R"("item_id":"msg_1","output_index":0,"content_index":0)";
  std::string text;
  for (int i = 0; i < events_per_stream; ++i) text += " token";
  const std::string part = R"({"type":"output_text","text":")" + text + R"(","annotations":[]})";
  const std::string item = R"({"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[)" + part + "]}";
  return {stream_head + chunk(event("response.created", R"("sequence_number":0,)" + response + R"("in_progress","output":[]})") +
                              event("response.output_item.added", R"("sequence_number":1,"output_index":0,"item":{"id":"msg_1","type":"message","status":"in_progress","role":"assistant","content":[]})") +
                              event("response.content_part.added", R"("sequence_number":2,)" + place + R"(,"part":{"type":"output_text","text":"","annotations":[]})")),
          chunk(event("response.output_text.delta", R"("sequence_number":3,)" + place + R"(,"logprobs":[],"delta":" token")")),
          chunk(event("response.output_text.done", R"("sequence_number":4,)" + place + R"(,"text":")" + text + '"') + event("response.content_part.done", R"("sequence_number":5,)" + place + R"(,"part":)" + part) +
                event("response.output_item.done", R"("sequence_number":6,"output_index":0,"item":)" + item) +
                event("response.completed", R"("sequence_number":7,)" + response + R"("completed","output":[)" + item + R"(],"usage":{"input_tokens":20,"output_tokens":50,"total_tokens":70}})")) + "0\r\n\r\n"};
}

stream_script gemini_script() {
  const auto say = [](const std::string& text, const std::string& finish) {
    return chunk(R"(data: {"candidates":[{"content":{"parts":[{"text":")" + text + R"("}],"role":"model"})" + finish +
                 R"(,"index":0}],"usageMetadata":{"promptTokenCount":20,"candidatesTokenCount":50,"totalTokenCount":70},"modelVersion":"small","responseId":"r1"})" "\r\n\r\n");
  };
  return {stream_head, say(" token", ""), say("", R"(,"finishReason":"STOP")") + "0\r\n\r\n"};
}

const stream_script& script_for(std::string_view path) {
  static const stream_script messages = messages_script(), responses = responses_script(), gemini = gemini_script();
  if (path.find("/messages") != std::string_view::npos) return messages;
  if (path.find("/responses") != std::string_view::npos) return responses;
  if (path.find(":streamGenerateContent") != std::string_view::npos) return gemini;
  return chat_script;
}

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
      auto* c = new connection{fd, ++last_id_, {}, 0, nullptr};
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
      const auto path = std::string_view(c.in).substr(0, c.in.find("\r\n"));
      c.script = &script_for(path);
      const bool stream = std::string_view(c.in).substr(end + 4, length).find("\"stream\":true") != std::string_view::npos ||
                          path.find(":streamGenerateContent") != std::string_view::npos;
      c.in.erase(0, end + 4 + length);
      if (!send(c, stream ? c.script->begin : answer)) return;
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
      if (!send(c, --c.events_left == 0 ? c.script->end : c.script->event)) continue;
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
