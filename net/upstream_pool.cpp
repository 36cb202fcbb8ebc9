#include "net/upstream_pool.hpp"

#include "net/connect_race.hpp"
#include "net/egress_filter.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

#include <mutex>

namespace switchyard::net {

namespace {

constexpr std::size_t most_idle = 512;
constexpr milliseconds idle_for = seconds(60);
constexpr milliseconds sweep_every = seconds(5);
constexpr milliseconds names_for = seconds(30);
constexpr std::size_t read_size = 16 * 1024;
constexpr std::size_t padding = 64;

std::mutex tls_options_mutex;
upstream_tls_options tls_options;

// Says nothing of the address: the text may reach a client.
error connect_error(const std::string& why, bool timeout = false) {
  return upstream_failure(timeout ? error_code::upstream_timeout : error_code::upstream_error,
                          "cannot connect to the provider: " + why);
}

}  // namespace

void set_upstream_tls(const upstream_tls_options& options) {
  const std::lock_guard guard(tls_options_mutex);
  tls_options = options;
}

upstream_connection::upstream_connection(io_thread& thread, endpoint place, tcp_socket socket)
    : stream(std::move(socket)), where(std::move(place)), limit(thread, [this] { fail_with_timeout(); }), thread_(thread) {}

void upstream_connection::fail_with_timeout() {
  timed_out = true;
  broken = true;
  stream.close();
}

void upstream_connection::cancel() {
  cancelled = true;
  broken = true;
  stream.close();
}

void upstream_connection::start_read() {
  if (reading_) return;
  in.reserve_free(in.empty() ? 4096 : read_size);
  reading_ = true;
  stream.read(in.free_begin(), in.free_size() - padding, shared_from_this());
}

void upstream_connection::on_read(const system_error& failure, std::size_t n) {
  const io_thread::time_slice slice(thread_);
  reading_ = false;
  last_ = failure;
  if (failure)
    broken = true;
  else
    in.commit(n);
  if (waiter_) {
    std::exchange(waiter_, {}).resume();
  } else if (watcher_ != nullptr) {
    broken = true;   // nothing may be said on an idle connection
    std::exchange(watcher_, nullptr)->forget(*this);
  }
}

void upstream_connection::watch(upstream_pools& pools) {
  watcher_ = &pools;
  start_read();
}

bool upstream_connection::unwatch() {
  watcher_ = nullptr;
  return !broken && in.empty();
}

upstream_pools::upstream_pools(io_thread& thread) : thread_(thread) {}

upstream_pools::~upstream_pools() {
  for (auto& [where, list] : idle_)
    for (auto& connection : list) {
      connection->limit.stop();
      (void)connection->unwatch();
      connection->stream.close();
    }
}

std::shared_ptr<upstream_connection> upstream_pools::take(const endpoint& where) {
  const auto found = idle_.find(where);
  if (found == idle_.end()) return nullptr;
  auto& list = found->second;
  while (!list.empty()) {
    auto connection = std::move(list.back());
    list.pop_back();
    if (connection->unwatch()) return connection;
    connection->stream.close();
  }
  return nullptr;
}

void upstream_pools::give_back(std::shared_ptr<upstream_connection> connection) {
  if (auto* tls = connection->stream.tls(); tls != nullptr && !connection->used_before) remember_session(connection->where, tls->native_handle());
  connection->used_before = true;
  connection->limit.clear();
  if (connection->in.capacity() > 4 * read_size) connection->in.release();
  auto& list = idle_[connection->where];
  if (list.size() >= most_idle) {
    connection->stream.close();
    return;
  }
  connection->idle_since = thread_.now();
  list.push_back(std::move(connection));
  if (!sweeper_.armed()) thread_.arm(sweeper_, sweep_every, [this] { sweep(); });
  list.back()->watch(*this);
}

void upstream_pools::forget(const upstream_connection& connection) {
  const auto found = idle_.find(connection.where);
  if (found == idle_.end()) return;
  std::erase_if(found->second, [&](const auto& idle) {
    if (idle.get() != &connection) return false;
    idle->stream.close();
    return true;
  });
}

void upstream_pools::sweep() {
  const auto oldest = thread_.now() - idle_for;
  bool any = false;
  for (auto& [where, list] : idle_) {
    std::erase_if(list, [&](const auto& idle) {
      if (idle->idle_since > oldest) return false;
      (void)idle->unwatch();
      idle->stream.close();
      return true;
    });
    any = any || !list.empty();
  }
  if (any) thread_.arm(sweeper_, sweep_every, [this] { sweep(); });
}

task<result<std::vector<asio::ip::tcp::endpoint>>> upstream_pools::resolve(const endpoint& where, std::function<void(system_error)>& stop) {
  system_error not_literal;
  const auto literal = asio::ip::make_address(where.host, not_literal);
  if (!not_literal) co_return std::vector<asio::ip::tcp::endpoint>{{literal, where.port}};
  const std::string name = where.host + ":" + std::to_string(where.port);
  if (const auto cached = names_.find(name); cached != names_.end() && thread_.now() < cached->second.expires) co_return cached->second.found;

  auto resolver = std::make_shared<asio::ip::basic_resolver<asio::ip::tcp, executor>>(context_of(thread_));
  struct answer {
    system_error failure;
    std::vector<asio::ip::tcp::endpoint> found;
  };
  auto ready = std::make_shared<signal<answer>>();
  resolver->async_resolve(where.host, std::to_string(where.port), [resolver, ready](const system_error& failure, const auto& results) {
    answer a;
    a.failure = failure;
    for (const auto& entry : results) a.found.push_back(entry.endpoint());
    ready->set(std::move(a));
  });
  stop = [resolver, ready](system_error why) { ready->set(answer{why, {}}); };
  auto a = co_await *ready;
  stop = nullptr;
  auto& cached = names_[name];
  if (a.failure || a.found.empty()) {
    // The name server is out: an address that worked before is better than none.
    if (!cached.found.empty() && a.failure != asio::error::operation_aborted) co_return cached.found;
    co_return connect_error("the name does not resolve (" + a.failure.message() + ")", a.failure == asio::error::timed_out);
  }
  cached.found = interleave_families(a.found);
  cached.expires = thread_.now() + names_for;
  co_return cached.found;
}

asio::ssl::context& upstream_pools::tls_context() {
  if (tls_) return *tls_;
  auto& context = tls_.emplace(asio::ssl::context::tls_client);
  system_error ignored;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                      asio::ssl::context::no_tlsv1_1);
  std::string ca_file;
  {
    const std::lock_guard guard(tls_options_mutex);
    ca_file = tls_options.ca_file;
  }
  if (ca_file.empty())
    context.set_default_verify_paths(ignored);
  else
    context.load_verify_file(ca_file, ignored);
  context.set_verify_mode(asio::ssl::verify_peer);
  static constexpr unsigned char http11[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.native_handle(), http11, sizeof http11 - 1);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  return context;
}

void upstream_pools::remember_session(const endpoint& where, SSL* tls) {
  // Taken after the first answer: by then a TLS 1.3 server has sent its tickets.
  if (SSL_SESSION* session = SSL_get1_session(tls)) sessions_[where] = std::shared_ptr<SSL_SESSION>(session, SSL_SESSION_free);
}

task<result<std::shared_ptr<upstream_connection>>> upstream_pools::connect(endpoint where, milliseconds limit, std::function<void()>& abandon) {
  const auto until = thread_.now() + limit;
  // Each phase ends through this one signal: its own end, the time limit or the caller's leaving, whichever is first.
  struct phase {
    signal<system_error> over;
  };
  bool expired = false;
  std::function<void(system_error)> stop;
  io_thread::timer alarm;
  thread_.arm(alarm, limit, [&] {
    expired = true;
    if (stop) stop(asio::error::timed_out);
  });
  bool left = false;
  abandon = [&] {
    left = true;
    if (stop) stop(asio::error::operation_aborted);
  };
  struct clear_on_exit {
    std::function<void()>& callback;
    ~clear_on_exit() { callback = nullptr; }
  } clearing{abandon};

  auto addresses = co_await resolve(where, stop);
  if (!addresses) co_return addresses.failure();
  if (expired || thread_.now() >= until) co_return connect_error("the name did not resolve in time", true);
  if (left) co_return connect_error("cancelled");
  if (!where.allow_private && !names_own_network(where.host)) {
    std::erase_if(*addresses, [](const auto& address) { return !is_public_address(address.address().to_string()); });
    if (addresses->empty())
      co_return connect_error("its name leads to an address that is not public; if that is meant, set allow_private for this provider");
  }

  phase connecting;
  std::optional<tcp_socket> socket;
  const auto race = std::make_shared<connect_race>(thread_, *addresses, [&](system_error failure, std::optional<tcp_socket> won) {
    socket = std::move(won);
    connecting.over.set(failure);
  });
  stop = [race](system_error why) { race->abandon(why); };
  race->start();
  if (const auto failure = co_await connecting.over) {
    if (const auto cached = names_.find(where.host + ":" + std::to_string(where.port)); cached != names_.end()) cached->second.expires = {};
    co_return connect_error(expired ? "timed out" : failure.message(), expired);
  }
  stop = nullptr;
  system_error ignored;
  socket->non_blocking(true, ignored);
  socket->set_option(asio::ip::tcp::no_delay(true), ignored);
  auto connection = std::make_shared<upstream_connection>(thread_, where, std::move(*socket));
  if (!where.tls) {
    connection->stream.start_plain(thread_);
    co_return connection;
  }

  auto& tls = connection->stream.start_tls(tls_context());
  system_error not_literal;
  (void)asio::ip::make_address(where.host, not_literal);
  if (not_literal) SSL_set_tlsext_host_name(tls.native_handle(), where.host.c_str());
  tls.set_verify_callback(asio::ssl::host_name_verification(where.host), ignored);
  if (const auto session = sessions_.find(where); session != sessions_.end()) SSL_set_session(tls.native_handle(), session->second.get());
  phase handshake;
  stop = [connection](system_error) { connection->stream.close(); };
  tls.async_handshake(asio::ssl::stream_base::client, [connection, &handshake](const system_error& failure) { handshake.over.set(failure); });
  if (const auto failure = co_await handshake.over) {
    sessions_.erase(where);
    co_return connect_error(expired ? "TLS handshake timed out" : "TLS: " + failure.message(), expired);
  }
  co_return connection;
}

}  // namespace switchyard::net
