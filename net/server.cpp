#include "net/server.hpp"

#include "base/log.hpp"
#include "net/server_connection.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/socket_base.hpp>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace switchyard::net {

namespace {

std::string default_error_body(const error& what) {
  std::string message;
  for (const char c : what.message) {
    if (c == '"' || c == '\\') message += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) message += c;
  }
  return R"({"error":{"message":")" + message + R"(","type":"invalid_request_error","param":null,"code":")" +
         std::string(to_string(what.code)) + "\"}}";
}

using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

}  // namespace

/// One listening socket on one thread.
struct thread_listener {
  thread_listener(io_thread& home, std::shared_ptr<server_shared> what) : thread(home), shared(std::move(what)), acceptor(context_of(home)) {}

  void accept(std::shared_ptr<thread_listener> self) {
    acceptor.async_accept([self = std::move(self)](const system_error& failure, tcp_socket socket) mutable {
      auto& here = *self;
      if (!here.acceptor.is_open()) return;
      if (!failure) {
        here.take(std::move(socket));
        here.accept(std::move(self));
      } else {
        // Out of descriptors, most likely: try again when some may have been freed.
        log::warn("accept_failed", "cannot accept a connection", {{"reason", failure.message()}});
        here.thread.arm(here.pause, milliseconds(50), [self] { self->accept(self); });
      }
    });
  }

  void take(tcp_socket socket) {
    system_error ignored;
    socket.non_blocking(true, ignored);
    socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (shared->open.load(std::memory_order_relaxed) >= shared->options.max_connections) {
      error what{error_code::overloaded, error_origin::client, true, "too many connections", {}};
      const std::string body = shared->options.error_body(what);
      const std::string answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body;
      (void)::send(socket.native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      return;
    }
    auto connection = std::make_shared<server_connection>(thread, shared, std::move(socket));
    // Forgotten ones are swept when they are as many as the living.
    if (connections.size() >= 64 && connections.size() >= 2 * live_after_sweep) {
      std::erase_if(connections, [](const auto& weak) { return weak.expired(); });
      live_after_sweep = std::max<std::size_t>(connections.size(), 32);
    }
    connections.push_back(connection);
    if (shared->open.load(std::memory_order_relaxed) == 1 && shared->options.first_connection) shared->options.first_connection();
    connection->start(tls ? &*tls : nullptr);
  }

  io_thread& thread;
  std::shared_ptr<server_shared> shared;
  tcp_acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  io_thread::timer pause;
  std::vector<std::weak_ptr<server_connection>> connections;
  std::size_t live_after_sweep = 32;
};

struct server::state {
  std::vector<io_thread*> threads;
  std::shared_ptr<server_shared> shared;
  std::vector<std::shared_ptr<thread_listener>> listeners;

  // Runs `what` on every listener's thread and waits until all are through.
  void on_every_thread(const std::function<void(thread_listener&)>& what) {
    std::mutex mutex;
    std::condition_variable through;
    std::size_t left = listeners.size();
    for (auto& listener : listeners) {
      listener->thread.post([&, listener] {
        what(*listener);
        const std::lock_guard guard(mutex);
        if (--left == 0) through.notify_one();
      });
    }
    std::unique_lock lock(mutex);
    through.wait(lock, [&] { return left == 0; });
  }
};

server::server(std::span<io_thread* const> threads, server_options options, handler serve) : state_(std::make_shared<state>()) {
  state_->threads.assign(threads.begin(), threads.end());
  state_->shared = std::make_shared<server_shared>();
  state_->shared->options = std::move(options);
  if (!state_->shared->options.error_body) state_->shared->options.error_body = default_error_body;
  state_->shared->serve = std::move(serve);
}

server::~server() = default;

result<config::listen_address> server::start() {
  const auto& options = state_->shared->options;
  system_error failure;
  const auto address = asio::ip::make_address(options.listen.host == "localhost" ? "127.0.0.1" : options.listen.host, failure);
  if (failure) return internal_error("cannot listen on '" + options.listen.host + "': not an IP address");
  asio::ip::tcp::endpoint where(address, options.listen.port);
  if (where.port() != 0) {
    // SO_REUSEPORT would let a second server share the port silently: a plain bind finds out.
    tcp_acceptor plain(context_of(*state_->threads.front()));
    plain.open(where.protocol(), failure);
    if (!failure) plain.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) plain.bind(where, failure);
    if (failure)
      return internal_error("cannot listen on " + options.listen.host + ":" + std::to_string(where.port()) + ": " + failure.message());
  }
  for (auto* thread : state_->threads) {
    auto listener = std::make_shared<thread_listener>(*thread, state_->shared);
    auto& acceptor = listener->acceptor;
    const auto try_to = [&](const system_error& result) { failure = failure ? failure : result; };
    system_error step;
    acceptor.open(where.protocol(), step), try_to(step);
    acceptor.set_option(asio::socket_base::reuse_address(true), step), try_to(step);
    if (state_->threads.size() > 1) acceptor.set_option(reuse_port(true), step), try_to(step);
    if (!failure) acceptor.bind(where, step), try_to(step);
    if (!failure) acceptor.listen(4096, step), try_to(step);
    if (failure)
      return internal_error("cannot listen on " + options.listen.host + ":" + std::to_string(where.port()) + ": " + failure.message());
    where.port(acceptor.local_endpoint().port());
    if (options.tls) {
      auto& tls = listener->tls.emplace(asio::ssl::context::tls_server);
      tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1, step), try_to(step);
      tls.use_certificate_chain_file(options.tls->cert, step);
      if (step) return internal_error("server.tls.cert: cannot use '" + options.tls->cert + "': " + step.message());
      tls.use_private_key_file(options.tls->key, asio::ssl::context::pem, step);
      if (step) return internal_error("server.tls.key: cannot use '" + options.tls->key + "': " + step.message());
    }
    state_->listeners.push_back(std::move(listener));
  }
  for (auto& listener : state_->listeners) listener->thread.post([listener] { listener->accept(listener); });
  return config::listen_address{options.listen.host, where.port()};
}

void server::drain(milliseconds limit) {
  const auto until = steady_now() + limit;
  state_->shared->draining.store(true);
  state_->on_every_thread([](thread_listener& listener) {
    system_error ignored;
    listener.pause.cancel();
    listener.acceptor.close(ignored);
    const auto connections = listener.connections;
    for (const auto& weak : connections)
      if (auto connection = weak.lock()) connection->stop_when_idle();
  });
  while (connections() > 0 && steady_now() < until) std::this_thread::sleep_for(milliseconds(10));
  if (connections() == 0) return;
  log::warn("drain_cut", "the drain timeout is over; connections are cut", {{"connections", connections()}});
  state_->on_every_thread([](thread_listener& listener) {
    const auto connections = listener.connections;
    for (const auto& weak : connections)
      if (auto connection = weak.lock()) connection->cut();
  });
}

int server::connections() const noexcept { return state_->shared->open.load(std::memory_order_relaxed); }

}  // namespace switchyard::net
